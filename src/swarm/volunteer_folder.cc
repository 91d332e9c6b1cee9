#include "swarm/volunteer_folder.h"

#include <fstream>

#include "base/files.h"

namespace cairn::swarm {

namespace fs = std::filesystem;

Result<SecretKey> key_in_folder(const fs::path& folder, Entropy& entropy) {
  const fs::path path = folder / "key";
  auto seed = read_file(path, 1024);
  if (!seed && seed.error().code != ErrorCode::not_found) return fail(std::move(seed).error());
  if (seed) {
    auto key = SecretKey::from_seed(*seed);
    wipe(*seed);
    if (!key) return fail(std::move(key).error().within(path.string()));
    return key;
  }
  const SecretKey key = SecretKey::make(entropy);
  CAIRN_TRY(write_file(path, key.seed()));
  return key;
}

Result<VolunteerFolder> VolunteerFolder::open(const fs::path& path, Entropy& entropy) {
  CAIRN_TRY(make_folder(path));
  CAIRN_ASSIGN(SecretKey key, key_in_folder(path, entropy));
  return VolunteerFolder(path, std::move(key));
}

Result<std::optional<VolunteerFolder::Kept>> VolunteerFolder::kept(const RunId& run, const Plan& plan) const {
  const auto text = read_text(path_ / "claim.json", std::size_t{16} << 20);
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (text) {
    auto claim = claim_from_json(*text, plan.stretches());
    auto contribution = read_file(path_ / "contribution", plan.contribution_bytes());
    if (claim && contribution && claim->volunteer == key_.public_key() && is_signed(run, *claim) &&
        sha256(*contribution) == claim->contribution)
      return Kept{std::move(*claim), std::move(*contribution)};
  }
  drop();
  return std::nullopt;
}

Status VolunteerFolder::keep(const Claim& claim, ByteView contribution) const {
  CAIRN_TRY(write_file(path_ / "contribution", contribution));
  return write_file(path_ / "claim.json", to_json(claim));
}

void VolunteerFolder::drop() const {
  std::error_code ignored;
  fs::remove(path_ / "claim.json", ignored);
  fs::remove(path_ / "contribution", ignored);
}

Status VolunteerFolder::keep_receipt(std::string_view receipt) const {
  std::ofstream file(path_ / "receipts.jsonl", std::ios::app);
  file << receipt << '\n' << std::flush;
  if (!file) return fail(ErrorCode::failed, "{}: cannot be written", (path_ / "receipts.jsonl").string());
  return {};
}

}  // namespace cairn::swarm
