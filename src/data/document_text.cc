#include "data/document_text.h"

#include <libxml/HTMLparser.h>
#include <libxml/tree.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "text/unicode.h"

namespace cairn::data {
namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_dropped(std::string_view name) {
  return is_one_of(name, {"script", "style", "head", "nav", "form", "noscript", "svg", "template", "button", "select",
                          "iframe", "object", "footer"});
}

bool is_block(std::string_view name) {
  return is_one_of(name, {"p",       "div",     "h1",   "h2",    "h3", "h4", "h5",    "h6",    "li",
                          "ul",      "ol",      "dl",   "dt",    "dd", "tr", "pre",   "table", "blockquote",
                          "section", "article", "main", "aside", "br", "hr", "header"});
}

// Collects text: words separated by one space, blocks by a line end, except inside <pre>.
class HtmlText {
 public:
  void words(std::string_view text) {
    for (const char c : text) {
      const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
      if (blank) {
        space_ = true;
      } else {
        if (space_ && !out_.empty() && out_.back() != '\n') out_.push_back(' ');
        space_ = false;
        out_.push_back(c);
      }
    }
  }
  void verbatim(std::string_view text) { out_ += text; }
  void line_end() {
    space_ = false;
    if (!out_.empty() && out_.back() != '\n') out_.push_back('\n');
  }
  void gap() {
    line_end();
    if (out_.size() > 1 && out_[out_.size() - 2] != '\n') out_.push_back('\n');
  }
  std::string take() {
    line_end();
    return std::move(out_);
  }

 private:
  std::string out_;
  bool space_ = false;
};

std::string attribute_of(const xmlNode* node, const char* name) {
  const std::unique_ptr<xmlChar, decltype(xmlFree)> value(xmlGetProp(node, reinterpret_cast<const xmlChar*>(name)),
                                                          xmlFree);
  return value ? reinterpret_cast<const char*>(value.get()) : "";
}

// What frames a page rather than being it: by WAI-ARIA's roles, and Sphinx's marks beside headings.
bool is_frame(const xmlNode* node) {
  if (node->type != XML_ELEMENT_NODE || !node->properties) return false;
  return is_one_of(attribute_of(node, "role"), {"navigation", "search", "banner", "contentinfo"}) ||
         attribute_of(node, "class") == "headerlink";
}

std::string_view name_of(const xmlNode* node) {
  return node->type == XML_ELEMENT_NODE && node->name ? reinterpret_cast<const char*>(node->name) : std::string_view{};
}

void enter(const xmlNode* node, HtmlText& out, int& pre) {
  const std::string_view name = name_of(node);
  if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
    const std::string_view content = node->content ? reinterpret_cast<const char*>(node->content) : "";
    pre > 0 ? out.verbatim(content) : out.words(content);
  } else if (is_one_of(name, {"h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "table", "ul", "ol", "dl"})) {
    out.gap();
  } else if (is_block(name)) {
    out.line_end();
  } else if (name == "td" || name == "th") {
    out.words(" ");
  }
  if (name == "li") out.words("- ");
  if (name == "pre") ++pre;
}

void leave(const xmlNode* node, HtmlText& out, int& pre) {
  const std::string_view name = name_of(node);
  if (name == "pre") --pre;
  if (is_block(name)) out.line_end();
}

}  // namespace

Result<std::string> gunzip(ByteView bytes, std::size_t at_most) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return fail(ErrorCode::failed, "zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, &inflateEnd);
  std::string out;
  std::array<char, 1 << 16> buffer;
  stream.next_in = const_cast<Bytef*>(bytes.data());
  if (bytes.size() > std::numeric_limits<uInt>::max())
    return fail(ErrorCode::invalid, "more than {} bytes of gzip", bytes.size());
  stream.avail_in = static_cast<uInt>(bytes.size());
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    const int code = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
    if (out.size() > at_most) return fail(ErrorCode::invalid, "more than {} bytes after gunzip", at_most);
    if (code == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      if (inflateReset(&stream) != Z_OK)
        return fail(ErrorCode::failed, "zlib does not start again");  // the next member
    } else if (code != Z_OK) {
      return fail(ErrorCode::malformed, "not gzip, or damaged: {}", stream.msg ? stream.msg : "cut short");
    } else if (stream.avail_in == 0 && stream.avail_out != 0) {
      return fail(ErrorCode::malformed, "not gzip, or damaged: cut short");
    }
  }
}

Result<std::string> decode_text(std::string_view bytes) {
  const std::string_view front = bytes.substr(0, 8192);
  std::size_t control = 0;
  for (const char c : front) control += static_cast<unsigned char>(c) < 9 || c == 127 || (c > 13 && c < 32 && c != 27);
  if (bytes.find('\0') != std::string_view::npos || control * 50 > front.size())
    return fail(ErrorCode::malformed, "binary");
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return text::first_bad_utf8(bytes) ? text::from_latin1(bytes) : std::string(bytes);
}

Result<std::string> text_of_html(std::string_view html) {
  if (html.size() > std::numeric_limits<int>::max() / 2)
    return fail(ErrorCode::invalid, "{} bytes of HTML", html.size());
  const std::unique_ptr<xmlDoc, void (*)(xmlDoc*)> document(
      htmlReadMemory(
          html.data(), static_cast<int>(html.size()), nullptr, "UTF-8",
          HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_COMPACT),
      &xmlFreeDoc);
  const xmlNode* node = document ? xmlDocGetRootElement(document.get()) : nullptr;
  if (!node) return fail(ErrorCode::malformed, "no HTML document in it");
  HtmlText out;
  int pre = 0;
  const xmlNode* root = node;
  for (bool down = true; node;) {  // depth first without recursion: a page may nest as deep as it likes
    if (down) enter(node, out, pre);
    if (down && node->children && node->type == XML_ELEMENT_NODE && !is_dropped(name_of(node)) && !is_frame(node)) {
      node = node->children;
      continue;
    }
    leave(node, out, pre);
    if (node == root) break;
    down = node->next != nullptr;
    node = down ? node->next : node->parent;
  }
  return out.take();
}

}  // namespace cairn::data
