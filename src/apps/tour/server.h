// The tour's server process, `cairn serve`, and questions to it. One thread.
#pragma once

#include <string>

#include "apps/process.h"
#include "apps/tour/event_file.h"
#include "http/client.h"
#include "permit/use.h"

namespace cairn::apps {

struct Tour;

class TourServer {
 public:
  // Starts it on the tour's deployment; returns once it listens.
  static Result<TourServer> start(Tour& tour);

  const std::string& url() const { return url_; }
  bool ended() { return process_.poll().has_value(); }
  // A chat about a meeting, for the use that is named. failed: another status than expected.
  Result<Json> ask(const char* model, const permit::Use& use, int expected);
  Result<http::Reply> get(const std::string& target);

 private:
  TourServer(Process process, std::string url) : process_(std::move(process)), url_(std::move(url)) {}
  Process process_;
  std::string url_;
};

}  // namespace cairn::apps
