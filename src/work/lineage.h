// Finding assets by what they are to one another: a model's tokenizer, its corpus, the reports on it. Looks at
// manifests and lineage alone and opens nothing. Blocking; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"

namespace cairn::work {

// The asset that `what` names (Ledger::find), which must be of this kind; where it is empty, the newest of the kind
// that is not revoked. not_found: none. invalid: several fit, or it is of another kind.
Result<AssetId> find_of_kind(const ledger::Ledger& ledger, std::string_view what, std::string_view kind);

// The nearest asset of `kind` that `id` descends from; of equally near ones the newest. not_found: none.
Result<AssetId> origin_of_kind(const ledger::Ledger& ledger, const AssetId& id, std::string_view kind);

// A model's tokenizer: the nearest that it descends from, or the one that its manifest names because they were imported
// together. not_found: neither.
Result<AssetId> tokenizer_of_model(const ledger::Ledger& ledger, const AssetId& model);

// The assets of `kind` made directly from `id` that are not revoked, oldest first.
Result<std::vector<ledger::Asset>> made_from(const ledger::Ledger& ledger, const AssetId& id, std::string_view kind);

}  // namespace cairn::work
