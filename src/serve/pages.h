// The site's pages as HTML: values in, text out. No scripts or styles inside; web/ has both as files.
// Everything that came from outside is escaped. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"
#include "permit/verdict.h"
#include "serve/deployment.h"
#include "serve/openai_response.h"

namespace cairn::serve {

struct HomeView {
  std::string site, key;
  DeploymentPlan plan;
  std::vector<ServedModel> models;
  std::vector<ledger::AssetSummary> assets;
  ledger::TreeHead head;
  Epoch epoch;
};
std::string home_page(const HomeView& view);

std::string verdict_page(std::string_view site, const ledger::AssetSummary& asset, const permit::Verdict& verdict);

}  // namespace cairn::serve
