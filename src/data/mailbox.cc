#include "data/mailbox.h"

#include <gmime/gmime.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include "data/document_text.h"
#include "text/unicode.h"

namespace cairn::data {
namespace {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Object = std::unique_ptr<T, Unref>;
using Text = std::unique_ptr<char, decltype(&g_free)>;

std::string utf8_of(const char* text) {
  if (!text) return {};
  return text::first_bad_utf8(text) ? text::from_latin1(text) : std::string(text);
}

// One message's bytes in the mailbox, without its "From " line.
struct Slice {
  std::size_t number, offset;
  std::string_view bytes;
};

tl::unexpected<Error> wrong(const Slice& slice, ErrorCode code, std::string_view what) {
  return fail(code, "message {} at offset {}: {}", slice.number, slice.offset, what);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "From ADDRESS DATE": what a delivery agent writes has a time and ends with a year; a sentence that begins with "From"
// hardly ever.
bool is_from_line(std::string_view line) {
  if (!line.starts_with("From ")) return false;
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  if (const auto zone = line.rfind(' ');
      zone != line.npos && line.size() - zone == 6 && (line[zone + 1] == '+' || line[zone + 1] == '-'))
    line = line.substr(0, zone);
  if (line.size() < 12 || line.find(':') == line.npos) return false;
  return std::all_of(line.end() - 4, line.end(), is_digit) && line[line.size() - 5] == ' ';
}

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

// Cuts at "From " lines that stand in front or follow an empty line.
Result<std::vector<Slice>> cut(std::string_view mbox, const MailboxSettings& settings) {
  std::vector<Slice> slices;
  std::string_view rest = mbox;
  bool after_empty = true;
  std::size_t body = 0;
  const auto close = [&](std::size_t end) {
    if (!slices.empty()) slices.back().bytes = mbox.substr(body, end - body);
  };
  while (!rest.empty()) {
    const std::size_t at = mbox.size() - rest.size();
    const std::string_view line = take_line(rest);
    const bool begins = after_empty && is_from_line(line);
    if (at == 0 && !begins)
      return fail(ErrorCode::malformed, "message 1 at offset 0: not an mbox: expected a \"From \" line with a date");
    if (begins) {
      if (slices.size() == settings.most_messages)
        return fail(ErrorCode::invalid, "more than {} messages", settings.most_messages);
      close(at);
      slices.push_back({slices.size() + 1, at, {}});
      body = mbox.size() - rest.size();
    }
    after_empty = line.empty() || line == "\r";
  }
  close(mbox.size());
  for (const Slice& slice : slices)
    if (slice.bytes.size() > settings.largest_message)
      return wrong(slice, ErrorCode::invalid,
                   fmt::format("{} bytes: at most {}", slice.bytes.size(), settings.largest_message));
  if (!slices.empty() && !(mbox.ends_with("\n\n") || mbox.ends_with("\n\r\n"))) {
    auto error = wrong(slices.back(), ErrorCode::malformed, "cut short: an mbox ends with an empty line");
    error.value().hint = "fetch the mailbox again; if it is whole, append an empty line";
    return error;
  }
  return slices;
}

// mboxrd quoting: ">From " stands for "From ", ">>From " for ">From ".
std::string unquoted(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t before = bytes.size();
    std::string_view line = take_line(bytes);
    const bool ended = before - bytes.size() > line.size();
    const auto marks = line.find_first_not_of('>');
    if (marks != line.npos && marks > 0 && line.substr(marks).starts_with("From ")) line.remove_prefix(1);
    out += line;
    if (ended) out += '\n';
  }
  return out;
}

const char* fault_of(GMimeParserWarning warning) {
  switch (warning) {
    case GMIME_WARN_TRUNCATED_MESSAGE:
      return "cut short";
    case GMIME_WARN_MALFORMED_MESSAGE:
      return "not a message";
    case GMIME_WARN_MALFORMED_MULTIPART:
      return "a multipart without parts";
    case GMIME_CRIT_INVALID_HEADER_NAME:
      return "a header line that is none";
    case GMIME_CRIT_MULTIPART_WITHOUT_BOUNDARY:
      return "a multipart without boundary";
    case GMIME_CRIT_NESTING_OVERFLOW:
      return "parts nested too deep";
    default:
      return nullptr;  // what does not change what is read
  }
}

void note_fault(gint64, GMimeParserWarning warning, const gchar*, gpointer first) {
  auto& fault = *static_cast<const char**>(first);
  if (!fault) fault = fault_of(warning);
}

struct Parts {
  std::string plain, html;
  std::size_t attachments = 0;
  bool too_deep = false, unclosed = false;
};

void take_leaf(GMimeObject* object, Parts& parts) {
  const char* disposition = g_mime_object_get_disposition(object);
  const bool attached = disposition && g_ascii_strcasecmp(disposition, GMIME_DISPOSITION_ATTACHMENT) == 0;
  GMimeContentType* type = g_mime_object_get_content_type(object);
  const bool plain = g_mime_content_type_is_type(type, "text", "plain"),
             html = g_mime_content_type_is_type(type, "text", "html");
  if (attached || !GMIME_IS_TEXT_PART(object) || !(plain || html)) {
    ++parts.attachments;
    return;
  }
  const Text text(g_mime_text_part_get_text(GMIME_TEXT_PART(object)), &g_free);
  (plain ? parts.plain : parts.html) += utf8_of(text.get());
}

void collect(GMimeObject* root, std::size_t deepest, Parts& parts) {
  std::vector<std::pair<GMimeObject*, std::size_t>> open{{root, 1}};
  while (!open.empty()) {
    const auto [object, depth] = open.back();
    open.pop_back();
    if (depth > deepest) {
      parts.too_deep = true;
      return;
    }
    if (GMIME_IS_MULTIPART(object)) {
      auto* multipart = GMIME_MULTIPART(object);
      for (int i = g_mime_multipart_get_count(multipart); i-- > 0;)
        open.emplace_back(g_mime_multipart_get_part(multipart, i), depth + 1);
    } else if (object) {
      take_leaf(object, parts);
    }
  }
}

std::string with_unix_lines(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 >= text.size() || text[i + 1] != '\n') out.push_back(text[i]);
  while (out.ends_with('\n')) out.pop_back();
  return out.empty() ? out : out + '\n';
}

std::string addresses(InternetAddressList* list) {
  if (!list) return {};
  const Text text(internet_address_list_to_string(list, nullptr, FALSE), &g_free);
  return utf8_of(text.get());
}

std::string first_id(const char* references) {
  const std::string_view text = references ? references : "";
  const auto open = text.find('<'), close = text.find('>', open == text.npos ? 0 : open);
  return open == text.npos || close == text.npos
             ? std::string{}
             : utf8_of(std::string(text.substr(open + 1, close - open - 1)).c_str());
}

Result<Message> read_headers(GMimeMessage* mime, const Slice& slice) {
  Message message;
  message.number = slice.number;
  message.offset = slice.offset;
  message.from = addresses(g_mime_message_get_from(mime));
  if (message.from.empty()) return wrong(slice, ErrorCode::malformed, "no From: header");
  message.to = addresses(g_mime_message_get_to(mime));
  message.subject = utf8_of(g_mime_message_get_subject(mime));
  message.message_id = utf8_of(g_mime_message_get_message_id(mime));
  message.in_reply_to = first_id(g_mime_object_get_header(GMIME_OBJECT(mime), "In-Reply-To"));
  if (GDateTime* date = g_mime_message_get_date(mime))
    message.date = TimePoint(std::chrono::seconds(g_date_time_to_unix(date)));
  return message;
}

Result<Message> parse(const Slice& slice, const MailboxSettings& settings) {
  const std::string bytes = unquoted(slice.bytes);
  const Object<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const Object<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  g_mime_parser_set_format(parser.get(), GMIME_FORMAT_MESSAGE);
  const std::unique_ptr<GMimeParserOptions, decltype(&g_mime_parser_options_free)> options(g_mime_parser_options_new(),
                                                                                           &g_mime_parser_options_free);
  const char* fault = nullptr;
  g_mime_parser_options_set_warning_callback(options.get(), &note_fault, &fault);
  const Object<GMimeMessage> mime(g_mime_parser_construct_message(parser.get(), options.get()));
  if (!mime) return wrong(slice, ErrorCode::malformed, "not a message");
  if (fault) return wrong(slice, ErrorCode::malformed, fault);
  CAIRN_ASSIGN(Message message, read_headers(mime.get(), slice));
  Parts parts;
  collect(g_mime_message_get_mime_part(mime.get()), settings.deepest_part, parts);
  if (parts.too_deep) return wrong(slice, ErrorCode::malformed, fault_of(GMIME_CRIT_NESTING_OVERFLOW));
  message.attachments = parts.attachments;
  if (parts.plain.empty() && !parts.html.empty()) {
    auto text = text_of_html(parts.html);
    if (!text) return wrong(slice, ErrorCode::malformed, text.error().message);
    parts.plain = std::move(*text);
  }
  message.body = with_unix_lines(parts.plain);
  return message;
}

void set_up_gmime() {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
}

bool introduces_quote(std::string_view line) {
  return line.ends_with("wrote:") || line.ends_with("schrieb:");
}

}  // namespace

Result<std::vector<Message>> read_mbox(ByteView mbox, const MailboxSettings& settings) {
  set_up_gmime();
  CAIRN_ASSIGN(const auto slices, cut(as_text(mbox), settings));
  std::vector<Message> messages;
  for (const Slice& slice : slices) {
    CAIRN_ASSIGN(Message message, parse(slice, settings));
    messages.push_back(std::move(message));
  }
  return messages;
}

std::vector<Exchange> exchanges(std::span<const Message> messages) {
  std::map<std::string_view, const Message*> by_id;
  for (const Message& message : messages)
    if (!message.message_id.empty()) by_id.emplace(message.message_id, &message);
  std::vector<Exchange> out;
  for (const Message& message : messages) {
    const auto asked = by_id.find(message.in_reply_to);
    if (!message.in_reply_to.empty() && asked != by_id.end() && asked->second != &message)
      out.push_back({asked->second, &message});
  }
  return out;
}

std::string own_words(const Message& message) {
  std::string out, held;  // held: a line that may introduce a quote
  std::string_view rest = message.body;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    const bool quoted = line.starts_with('>');
    if (!quoted && !held.empty() && !line.empty()) out += std::exchange(held, {});
    if (quoted) {
      held.clear();
    } else if (introduces_quote(line)) {
      held = std::string(line) + '\n';
    } else if (!line.empty() || (!out.empty() && !out.ends_with("\n\n"))) {
      out += line;
      out += '\n';
    }
  }
  out += held;
  while (out.ends_with('\n')) out.pop_back();
  return out.empty() ? out : out + '\n';
}

Record to_record(const Message& message, const std::string& mailbox) {
  Record record;
  record.text =
      fmt::format("From: {}\nTo: {}\nSubject: {}\n\n{}", message.from, message.to, message.subject, message.body);
  record.origin = fmt::format("{}#{:06}", mailbox, message.number);
  record.source = mailbox;
  record.kind = "message";
  record.id = identify(record);
  return record;
}

}  // namespace cairn::data
