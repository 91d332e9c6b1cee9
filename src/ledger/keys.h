// A site's secret keys, in keys/: one Ed25519 key that signs, and one symmetric key for each class of narrow permits.
// Only src/ledger and src/guard include this.
#pragma once

#include <filesystem>

#include "base/digest.h"
#include "base/env.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/signature.h"

namespace cairn::ledger {

using ClassKey = Secret<32>;

// Makes keys/ and keys/site.key (mode 0600).
Result<SecretKey> make_site_key(const std::filesystem::path& site, Entropy& entropy);
// not_found, malformed; failed with a hint where others may read the file.
Result<SecretKey> load_site_key(const std::filesystem::path& site);

// The key of a permit class (its id: Permit::terms()). Makes it where there is none, once, whoever else tries at the
// same time.
Result<ClassKey> class_key(const std::filesystem::path& site, const Digest& permit_class, Entropy& entropy);
// not_found: the blobs of this class cannot be read any more.
Result<ClassKey> load_class_key(const std::filesystem::path& site, const Digest& permit_class);

}  // namespace cairn::ledger
