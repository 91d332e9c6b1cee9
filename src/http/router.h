// Paths to handlers. "/api/assets/{id}/{role}" matches two segments that are not empty and hands them over, decoded, in
// order. Not a tree: a list, tried in the order in which it was filled. Filled by one thread, then used by many.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace cairn::http {

using PathArguments = std::vector<std::string>;

class Router {
 public:
  using RouteHandler = std::function<Response(const Request&, const PathArguments&)>;

  // A GET route answers HEAD too.
  Router& on(std::string_view method, std::string_view pattern, RouteHandler handler);

  // The first route that fits; else 404, or 405 with Allow where the path is known under other methods.
  Response operator()(const Request& request) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;  // of the pattern
    RouteHandler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace cairn::http
