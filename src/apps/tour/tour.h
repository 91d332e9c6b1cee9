// The tour: the life of a foundation model on one machine, stage by stage, each a short chapter with figures.
// A stage is one file and one function; it reads what earlier stages left in the Tour and leaves its own.
// Not a demonstration apart from the product: every stage calls the steps, and the processes, that users call.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/command.h"
#include "apps/tour/server.h"
#include "apps/words.h"
#include "base/json.h"
#include "guard/guard.h"
#include "permit/permit.h"
#include "work/curate.h"
#include "work/energy.h"
#include "work/ingest.h"
#include "work/plan.h"
#include "work/tokenise.h"

namespace cairn::apps {

struct TourOptions {
  std::filesystem::path site;  // empty: a temporary one, removed at the end
  std::uint64_t seed = 7;
  std::string licence = "GPL-3.0-or-later";  // that the base is planned to have
  std::uint16_t port = 0;                    // of the page at the end
  std::vector<std::string> packages;         // whose documentation is read; empty: those of data/documentation.txt
  bool all_packages = false;                 // or all that are installed
};

struct Tour {
  Shell& shell;
  TourOptions options;
  guard::Guard guard;
  work::EnergyMeter energy;
  Json figures = Json::object();  // the line of JSON at the end

  // What the stages leave, in their order.
  work::IngestedDocs docs;
  std::optional<work::RecordSet> mailbox;
  permit::Permit mailbox_permit;
  std::optional<work::Corpus> corpus;
  std::optional<work::Tokenised> tokens;
  std::filesystem::path run_folder;
  std::optional<AssetId> model, module, spec, deployment;
  Digest model_digest, module_digest;
  std::shared_ptr<TourServer> server;
  Json base_answer;  // what the base says with every module off

  // Prints a line of the chapter: to standard output, or to standard error where that is to hold JSON alone.
  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    fmt::print(shell.json ? stderr : stdout, "  {}\n", fmt::format(format, std::forward<Args>(args)...));
    std::fflush(shell.json ? stderr : stdout);
  }
  // Each line of a text that is there already.
  void say_lines(const std::string& text, const char* indent = "") {
    for (const std::string& line : lines_of(text)) say("{}{}", indent, line);
  }
};

// The stages, in order.
Status create(Tour& tour);
Status plan_and_curate(Tour& tour);
Status tokenise(Tour& tour);
Status train_by_volunteers(Tour& tour);
Status adapt(Tour& tour);
Status evaluate(Tour& tour);
Status specify(Tour& tour);
Status deploy(Tour& tour);
Status withdraw(Tour& tour);
Status audit(Tour& tour);

// Serves the deployment and names its page, until interrupted.
Status serve_after(Tour& tour);

// The use of the mailbox that its owner permits, and the one that the project began with.
permit::Use draft_reply(std::string action);
permit::Use translate(std::string action);

}  // namespace cairn::apps
