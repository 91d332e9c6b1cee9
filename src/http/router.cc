#include "http/router.h"

#include <optional>

namespace cairn::http {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

// Segments are split before they are decoded, so that an encoded slash stays inside its segment.
std::optional<PathArguments> match(const std::vector<std::string>& pattern, const std::vector<std::string>& raw) {
  if (pattern.size() != raw.size()) return std::nullopt;
  PathArguments arguments;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    auto segment = percent_decode(raw[i]);
    if (!segment) return std::nullopt;
    if (pattern[i].starts_with('{')) {
      if (segment->empty()) return std::nullopt;
      arguments.push_back(std::move(*segment));
    } else if (pattern[i] != *segment) {
      return std::nullopt;
    }
  }
  return arguments;
}

}  // namespace

Router& Router::on(std::string_view method, std::string_view pattern, RouteHandler handler) {
  routes_.push_back({std::string(method), split(pattern), std::move(handler)});
  return *this;
}

Response Router::operator()(const Request& request) const {
  const auto raw = split(std::string_view(request.target).substr(0, request.target.find('?')));
  const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allowed;
  for (const Route& route : routes_) {
    const auto arguments = match(route.segments, raw);
    if (!arguments) continue;
    if (route.method == method) return route.handler(request, *arguments);
    allowed += (allowed.empty() ? "" : ", ") + route.method;
  }
  if (allowed.empty()) return text(404, "not found: " + request.path + "\n");
  Response response = text(405, "this address takes " + allowed + "\n");
  response.headers.push_back({"Allow", allowed});
  return response;
}

}  // namespace cairn::http
