#include "permit/licence_expression.h"

#include <algorithm>

#include "base/ascii.h"

namespace cairn::permit {
namespace {

constexpr std::size_t kLongest = 4096, kDeepest = 32, kMostAlternatives = 64;

struct Token {
  enum class Kind { word, open, close, comma, end } kind;
  std::string text;
  std::size_t column;
};

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> out;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++i;
    } else if (c == '(' || c == ')' || c == ',') {
      out.push_back({c == '(' ? Token::Kind::open : c == ')' ? Token::Kind::close : Token::Kind::comma, {c}, ++i});
    } else {
      const std::size_t end = std::min(text.size(), text.find_first_of(" \t\r\n(),", i));
      out.push_back({Token::Kind::word, std::string(text.substr(i, end - i)), i + 1});
      i = end;
    }
  }
  out.push_back({Token::Kind::end, "the end", text.size() + 1});
  return out;
}

using Choices = std::vector<std::vector<Alternative>>;

class Parser {
 public:
  Parser(std::string_view text, const LicenceLookup& lookup, const std::set<std::string, std::less<>>& exceptions)
      : tokens_(tokens_of(text)), lookup_(lookup), exceptions_(exceptions) {}

  Result<ParsedExpression> read() {
    CAIRN_ASSIGN(Choices choices, list());
    if (now().kind != Token::Kind::end) return unexpected("\"and\", \"or\" or the end");
    return ParsedExpression{std::move(choices), std::move(unknown_)};
  }

 private:
  const Token& now() const { return tokens_[at_]; }
  bool is(std::string_view word) const { return now().kind == Token::Kind::word && lower(now().text) == word; }
  bool is_and() const { return is("and") || is("and/or") || is("&") || is("&&"); }
  bool is_or() const { return is("or") || is("|") || is("||"); }
  bool is_name() const { return now().kind == Token::Kind::word && !is_and() && !is_or() && !is("with"); }
  bool take(bool really) {
    if (really) ++at_;
    return really;
  }

  tl::unexpected<Error> unexpected(std::string_view expected) const {
    return fail(ErrorCode::malformed, "licence expression, column {}: expected {}, got {}", now().column, expected,
                now().kind == Token::Kind::end ? "the end" : fmt::format("\"{}\"", now().text.substr(0, 64)));
  }

  Result<Choices> list() {
    CAIRN_ASSIGN(Choices left, either());
    while (take(now().kind == Token::Kind::comma)) {
      const bool or_else = take(is_or());
      if (!or_else) take(is_and());
      CAIRN_ASSIGN(Choices right, either());
      if (or_else) {
        CAIRN_ASSIGN(left, one_of(std::move(left), std::move(right)));
      } else {
        left.insert(left.end(), right.begin(), right.end());
      }
    }
    return left;
  }

  Result<Choices> either() {
    CAIRN_ASSIGN(Choices left, both());
    while (take(is_or())) {
      CAIRN_ASSIGN(Choices right, both());
      CAIRN_ASSIGN(left, one_of(std::move(left), std::move(right)));
    }
    return left;
  }

  Result<Choices> both() {
    CAIRN_ASSIGN(Choices left, with());
    while (take(is_and())) {
      CAIRN_ASSIGN(Choices right, with());
      left.insert(left.end(), right.begin(), right.end());
    }
    return left;
  }

  // An exception that is known only adds permissions, so leaving it out never widens anything.
  Result<Choices> with() {
    const std::size_t from = at_;
    CAIRN_ASSIGN(Choices out, primary());
    if (!take(is("with"))) return out;
    if (!is_name()) return unexpected("the name of an exception");
    std::string exception;
    while (is_name()) {
      if (!is("exception") && !is("exceptions")) exception += (exception.empty() ? "" : " ") + now().text;
      ++at_;
    }
    if (exceptions_.contains(lower(exception))) return out;
    std::string whole;
    for (std::size_t i = from; i < at_; ++i) whole += (i > from ? " " : "") + tokens_[i].text;
    return undeclared(whole);
  }

  Result<Choices> primary() {
    if (take(now().kind == Token::Kind::open)) {
      if (++depth_ > kDeepest)
        return fail(ErrorCode::malformed, "licence expression, column {}: more than {} parentheses deep", now().column,
                    kDeepest);
      CAIRN_ASSIGN(Choices inner, list());
      if (!take(now().kind == Token::Kind::close)) return unexpected("\")\"");
      --depth_;
      return inner;
    }
    if (!is_name()) return unexpected("a licence");
    std::string name;
    while (is_name()) name += (name.empty() ? "" : " ") + tokens_[at_++].text;
    const Licence* licence = lookup_(name);
    if (!licence) return undeclared(name);
    return Choices{licence->alternatives};
  }

  Choices undeclared(const std::string& name) {
    unknown_.push_back(name);
    Declaration nothing;
    nothing.name = fmt::format("unknown licence \"{}\"", name.substr(0, 256));
    return Choices{{{std::move(nothing)}}};
  }

  // All alternatives of what holds together: one from each choice.
  static Result<std::vector<Alternative>> spread(const Choices& choices) {
    std::vector<Alternative> out{{}};
    for (const auto& choice : choices) {
      std::vector<Alternative> longer;
      for (const Alternative& left : out)
        for (const Alternative& right : choice) {
          longer.push_back(left);
          longer.back().insert(longer.back().end(), right.begin(), right.end());
          std::sort(longer.back().begin(), longer.back().end());
          longer.back().erase(std::unique(longer.back().begin(), longer.back().end()), longer.back().end());
          if (longer.size() > kMostAlternatives)
            return fail(ErrorCode::invalid, "licence expression: more than {} alternatives", kMostAlternatives);
        }
      out = std::move(longer);
    }
    return out;
  }

  static Result<Choices> one_of(Choices left, Choices right) {
    CAIRN_ASSIGN(auto all, spread(left));
    CAIRN_ASSIGN(const auto more, spread(right));
    all.insert(all.end(), more.begin(), more.end());
    if (all.size() > kMostAlternatives)
      return fail(ErrorCode::invalid, "licence expression: more than {} alternatives", kMostAlternatives);
    return Choices{std::move(all)};
  }

  std::vector<Token> tokens_;
  const LicenceLookup& lookup_;
  const std::set<std::string, std::less<>>& exceptions_;
  std::vector<std::string> unknown_;
  std::size_t at_ = 0, depth_ = 0;
};

}  // namespace

Result<ParsedExpression> parse_licence_expression(std::string_view expression, const LicenceLookup& lookup,
                                                  const std::set<std::string, std::less<>>& exceptions) {
  if (expression.size() > kLongest)
    return fail(ErrorCode::malformed, "licence expression: {} bytes, at most {} are taken", expression.size(),
                kLongest);
  return Parser(expression, lookup, exceptions).read();
}

}  // namespace cairn::permit
