#include "permit/licence.h"

#include <gtest/gtest.h>

#include <random>

#include "base/json.h"
#include "embedded/permit.h"
#include "permit/licence_catalogue.h"
#include "permit/outgoing.h"

namespace cairn::permit {
namespace {

const Source kSource{"/usr/share/doc/x/copyright", "License of Files: *", "Debian"};

Permit of(std::string_view expression) {
  return permit_of_licence(expression, kSource).value();
}

bool shared_under(std::string_view expression, std::string_view licence) {
  return of(expression).outgoing().contains(find_licence(licence)->id);
}

TEST(Licence, TheCatalogueReads) {
  const auto read = parse_licence_catalogue(embedded::licences_toml(), "licences.toml");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_GE(read->licences.size(), 100U);
  for (const Licence& licence : read->licences) {
    const auto permit = permit_of_licence(licence.id, kSource);
    ASSERT_TRUE(permit.has_value()) << licence.id << ": " << permit.error().message;
    EXPECT_FALSE(permit->is_undeclared()) << licence.id;
    EXPECT_EQ(permit_from_json(to_json(*permit)).value(), *permit) << licence.id;
  }
}

TEST(Licence, OutgoingLicencesFollowTheTexts) {
  const auto share = [](std::string_view expression, std::string_view licence) {
    return shared_under(expression, licence);
  };
  EXPECT_TRUE(share("Expat", "Apache-2.0"));
  EXPECT_TRUE(share("Expat", "GPL-2.0-only"));
  EXPECT_TRUE(share("Apache-2.0", "GPL-3.0-or-later"));
  EXPECT_FALSE(share("Apache-2.0", "GPL-2.0-only"));
  EXPECT_FALSE(share("Apache-2.0", "MIT"));
  EXPECT_TRUE(share("GPL-2+", "GPL-3.0-or-later"));
  EXPECT_FALSE(share("GPL-2", "GPL-3.0-or-later"));
  EXPECT_FALSE(share("GPL-3+", "GPL-2.0-only"));
  EXPECT_TRUE(share("LGPL-2.1", "GPL-3.0-only"));
  EXPECT_TRUE(share("LGPL-2+", "AGPL-3.0-or-later"));
  EXPECT_TRUE(share("MPL-2.0", "GPL-2.0-only"));
  EXPECT_FALSE(share("BSD-4-clause", "GPL-3.0-or-later"));
  EXPECT_TRUE(share("CC-BY-SA-4.0", "GPL-3.0-only"));
  EXPECT_FALSE(share("GPL-3.0-only", "CC-BY-SA-4.0"));
  EXPECT_TRUE(share("CC-BY-SA-3.0", "CC-BY-SA-4.0"));
  EXPECT_TRUE(share("GFDL-NIV-1.2+", "GFDL-1.3-no-invariants-or-later"));
  EXPECT_FALSE(share("GFDL-NIV-1.3+", "GPL-3.0-or-later"));
  EXPECT_TRUE(share("Perl", "Artistic-1.0"));
  EXPECT_TRUE(share("Perl", "GPL-3.0-or-later"));
  EXPECT_TRUE(of("GPL-2 and Apache-2.0").outgoing().empty());
  EXPECT_TRUE(of("CC-BY-ND-4.0").outgoing().empty());
}

}  // namespace
}  // namespace cairn::permit
