#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "data/document_text.h"
#include "data/manual_escapes.h"

namespace cairn::data {
namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The arguments of a request: separated by spaces, or quoted, with "" for a quote.
std::vector<std::string> arguments_of(std::string_view line) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == ' ' || line[i] == '\t') {
      ++i;
      continue;
    }
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '"') break;
    std::string raw;
    const bool quoted = line[i] == '"';
    for (i += quoted; i < line.size(); ++i) {
      if (quoted && line[i] == '"') {
        if (i + 1 >= line.size() || line[i + 1] != '"') {
          ++i;
          break;
        }
        ++i;
      } else if (!quoted && (line[i] == ' ' || line[i] == '\t')) {
        break;
      }
      raw.push_back(line[i]);
      if (line[i] == '\\' && i + 1 < line.size()) raw.push_back(line[++i]);
    }
    out.emplace_back();
    unescape_groff(raw, out.back());
  }
  return out;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += between;
    out += words[i];
  }
  return out;
}

// mdoc macros (groff_mdoc(7)) within a line: `words[0]` is a macro's name or text.
class MdocLine {
 public:
  explicit MdocLine(std::string& name) : name_(name) {}

  std::string render(const std::vector<std::string>& words) {
    out_.clear();
    glue_ = true;
    take(words, 0);
    return std::move(out_);
  }

 private:
  void put(std::string_view text) {
    static constexpr std::string_view kClosing = ".,;:)]?!";
    const bool closing = text.size() == 1 && kClosing.find(text[0]) != std::string_view::npos;
    if (!glue_ && !closing && !out_.empty()) out_.push_back(' ');
    out_ += text;
    glue_ = text == "(" || text == "[";
  }
  void enclose(const std::vector<std::string>& words, std::size_t at, std::string_view open, std::string_view close) {
    put(open);
    glue_ = true;
    take(words, at);
    out_ += close;
    glue_ = false;
  }
  void take(const std::vector<std::string>& words, std::size_t at) {
    while (at < words.size()) {
      const std::string& w = words[at++];
      if (is_one_of(w, {"Op", "Oo", "Bq", "Brq", "Dq", "Sq", "Ql", "Qq", "Pq", "Aq"})) {
        const bool square = w == "Op" || w == "Oo" || w == "Bq", round = w == "Pq", angle = w == "Aq",
                   brace = w == "Brq";
        const bool single = w == "Sq" || w == "Ql";
        enclose(words, at,
                square   ? "["
                : round  ? "("
                : angle  ? "<"
                : brace  ? "{"
                : single ? "'"
                         : "\"",
                square   ? "]"
                : round  ? ")"
                : angle  ? ">"
                : brace  ? "}"
                : single ? "'"
                         : "\"");
        return;
      }
      if (w == "Fl") {
        put("-");
        glue_ = at < words.size();
      } else if (w == "Ns" || w == "Ap") {
        if (w == "Ap") out_.push_back('\'');
        glue_ = true;
      } else if (w == "Nm") {
        if (at >= words.size()) put(name_);
      } else if (w == "Xr" && at + 1 < words.size()) {
        put(words[at] + "(" + words[at + 1] + ")");
        at += 2;
      } else if (w == "Ar" && at >= words.size()) {
        put("file ...");
      } else if (!is_one_of(w, {"Ar", "Pa", "Cm", "Ic", "Ev", "Va", "Vt", "Fa", "Fn", "Ft", "Sy", "Em", "Li",
                                "Ad", "An", "Dv", "Er", "Tn", "Nd", "Oc", "Xo", "Xc", "Lk", "Mt", "No", "In",
                                "Fx", "Bx", "Ox", "Nx", "St", "Cd", "Sx", "D1", "Dl", "Ms", "Rv", "Ex"})) {
        put(w);
      }
    }
  }

  std::string& name_;
  std::string out_;
  bool glue_ = true;
};

class Manual {
 public:
  std::string read(std::string_view source) {
    while (!source.empty()) {
      const auto end = source.find('\n');
      std::string_view line = source.substr(0, end);
      source.remove_prefix(end == std::string_view::npos ? source.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      take(line);
    }
    paragraph();
    return std::move(out_);
  }

 private:
  void take(std::string_view line) {
    if (!skip_until_.empty()) {
      if (line.starts_with(skip_until_)) skip_until_.clear();
      return;
    }
    if (braces_ > 0) return count_braces(line);
    if (table_format_) {
      table_format_ = !line.ends_with('.') && line != ".TE";
      return;
    }
    if (line.starts_with('.') || line.starts_with('\'')) return request(line.substr(1));
    if (line.empty()) return paragraph();
    std::string plain;
    unescape_groff(line, plain);
    if (in_table_) {
      if (plain == "T{" || plain == "T}" || plain == "_" || plain == "=") return;
      std::replace(plain.begin(), plain.end(), '\t', ' ');
    }
    const bool kept = verbatim_ || in_table_;
    kept ? whole_line(plain) : fill(plain);
    if (tag_next_) end_tag();
  }

  void request(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const auto name_end = std::min(line.find_first_of(" \t\\\""), line.size());
    const std::string_view name = line.substr(0, name_end), rest = line.substr(name_end);
    if (name.empty()) return;
    if (is_one_of(name, {"if", "ie", "el", "while"})) return count_braces(rest);
    if (is_one_of(name, {"de", "de1", "am", "ig"})) {
      skip_until_ = "..";
      return;
    }
    if (structure(name, rest)) return;
    if (!font(name, rest)) mdoc(name, rest);
  }

  // The layout requests of man(7) and mdoc(7).
  bool structure(std::string_view name, std::string_view rest) {
    if (is_one_of(name, {"SH", "SS", "Sh", "Ss"})) {
      verbatim_ = false;
      paragraph();
      const std::string title = joined(arguments_of(rest), " ");
      if (!out_.empty() && !out_.ends_with("\n\n")) out_ += "\n";
      if (!title.empty()) out_ += title + "\n";
      return true;
    }
    if (is_one_of(name, {"PP", "P", "LP", "sp", "Pp", "HP", "Bl", "El", "RS", "RE", "in", "ti"}))
      return paragraph(), true;
    if (name == "TP" || name == "TQ") return paragraph(), tag_next_ = true;
    if (name == "IP") {
      paragraph();
      const auto arguments = arguments_of(rest);
      if (!arguments.empty() && !arguments[0].empty()) fill(arguments[0]), end_tag();
      return true;
    }
    if (name == "br") return end_line(), true;
    if (is_one_of(name, {"nf", "EX", "Bd"})) return paragraph(), verbatim_ = true;
    if (is_one_of(name, {"fi", "EE", "Ed"})) {
      paragraph();
      verbatim_ = false;
      return true;
    }
    if (name == "TS") return paragraph(), in_table_ = table_format_ = true;
    if (name == "TE") {
      paragraph();
      in_table_ = table_format_ = false;
      return true;
    }
    return is_one_of(name,
                     {"TH",  "Dd",  "Dt", "Os", "ad", "na", "nh",  "hy",     "ne", "ds",  "nr", "so", "UE", "ME", "tr",
                      "ft",  "ps",  "vs", "ll", "pl", "PD", "DT",  "ns",     "rs", "ce",  "cu", "ul", "rm", "rn", "ta",
                      "fam", "als", "rr", "Bk", "Ek", "Rs", "Re",  "IX",     "lf", "mso", "OP", "YS", "SY", "ec", "eo",
                      "cc",  "fp",  "ev", "po", "bp", "tm", "nop", "return", "do", "as",  "pc", "hw", "lg", "it"});
  }

  // The fonts of man(7): one alternates fonts and joins its words, the other keeps them apart.
  bool font(std::string_view name, std::string_view rest) {
    const bool apart = is_one_of(name, {"B", "I", "SM", "SB", "R", "UR", "MT", "CW", "C"});
    if (!apart && !is_one_of(name, {"BR", "RB", "BI", "IB", "IR", "RI"})) return false;
    const auto arguments = arguments_of(rest);
    if (!arguments.empty()) text_of_request(joined(arguments, apart ? " " : ""));
    return true;
  }

  void mdoc(std::string_view name, std::string_view rest) {
    auto words = arguments_of(rest);
    if (name == "It") {
      paragraph();
      text_of_request(mdoc_.render(words));
      end_tag();
      return;
    }
    const bool is_mdoc =
        name.size() == 2 && name[0] >= 'A' && name[0] <= 'Z' && ((name[1] >= 'a' && name[1] <= 'z') || name == "D1");
    if (!is_mdoc) return;
    if (name == "Nm" && !words.empty() && name_.empty()) name_ = words[0];
    words.insert(words.begin(), std::string(name));
    const std::string line = mdoc_.render(words);
    text_of_request(name == "Nd" ? "- " + line : line);
  }

  void text_of_request(const std::string& text) {
    if (text.empty()) return;
    verbatim_ || in_table_ ? whole_line(text) : fill(text);
    if (tag_next_) end_tag();
  }

  void count_braces(std::string_view line) {
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
      if (line[i] != '\\') continue;
      ++i;
      if (line[i] == '{') ++braces_;
      if (line[i] == '}' && braces_ > 0) --braces_;
    }
  }
  void fill(std::string_view text) {
    if (text.empty()) return;
    if (!line_.empty()) line_.push_back(' ');
    line_ += text;
  }
  void whole_line(std::string_view text) {
    end_line();
    out_ += text;
    out_ += '\n';
  }
  void end_line() {
    if (line_.empty()) return;
    out_ += line_ + '\n';
    line_.clear();
  }
  void end_tag() {
    tag_next_ = false;
    end_line();
  }
  void paragraph() {
    tag_next_ = false;
    end_line();
    if (out_.size() > 1 && !out_.ends_with("\n\n")) out_ += '\n';
  }

  std::string out_, line_, name_, skip_until_;
  MdocLine mdoc_{name_};
  int braces_ = 0;
  bool verbatim_ = false, in_table_ = false, table_format_ = false, tag_next_ = false;
};

}  // namespace

std::string text_of_manual(std::string_view groff) {
  return Manual().read(groff);
}

bool is_manual_alias(std::string_view groff) {
  while (!groff.empty()) {
    const auto end = groff.find('\n');
    const std::string_view line = groff.substr(0, end);
    if (line.starts_with(".so ")) return true;
    if (!line.empty() && !line.starts_with(".\\\"") && !line.starts_with("'\\\"")) return false;
    groff.remove_prefix(end == std::string_view::npos ? groff.size() : end + 1);
  }
  return true;
}

}  // namespace cairn::data
