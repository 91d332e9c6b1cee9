// Child processes of this very program, for the tour: started with arguments, their standard output kept in a file,
// waited for, killed. Not a shell: nothing is interpreted.
// A Process belongs to one thread; a child still running when its Process goes is killed and reaped.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cairn::apps {

class Process {
 public:
  struct Settings {
    std::vector<std::string> arguments;                            // after the program's own name
    std::vector<std::pair<std::string, std::string>> environment;  // set beside what this process has
    std::filesystem::path output;                                  // standard output and error go there
  };

  // Starts the running program's own file anew. failed: the system's reason.
  static Result<Process> start(const Settings& settings);

  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  void signal(int number);
  // The exit status if it has ended (128 + signal where one ended it), without waiting.
  std::optional<int> poll();
  int wait();

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
  std::optional<int> status_;
};

}  // namespace cairn::apps
