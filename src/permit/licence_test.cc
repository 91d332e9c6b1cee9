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

TEST(Licence, ExpressionsOfBothSyntaxes) {
  EXPECT_EQ(of("GPL-2+ and Expat"), of("GPL-2.0-or-later AND MIT"));
  EXPECT_EQ(of("GPL-2+, Expat"), of("(MIT) and GPL-2.0+"));
  EXPECT_EQ(of("GPL-1+ or Artistic"), of("Perl"));
  EXPECT_EQ(of("GPL-2+ or Artistic, and Expat"), of("(GPL-2+ or Artistic) and Expat"));
  EXPECT_EQ(of("Expat and GPL-2+ or Artistic"), of("(Expat and GPL-2+) or Artistic"));
  EXPECT_NE(of("GPL-2+ or Artistic, and Expat"), of("GPL-2+ or Artistic and Expat"));
  EXPECT_EQ(of("GPL-2+ with Autoconf exception"), of("GPL-2+"));
  EXPECT_EQ(of("GPL-2.0-only WITH Classpath-exception-2.0"), of("GPL-2"));
  EXPECT_EQ(of("Apache-2.0+"), of("Apache-2.0"));
  EXPECT_EQ(of("public domain"), of("public-domain"));
}

TEST(Licence, AnUnknownNameIsUndeclaredAndNamed) {
  const auto read = read_licence_expression("Expat and Foo-1 and GPL-2+ with Foo exception", kSource).value();
  EXPECT_EQ(read.unknown_names, (std::vector<std::string>{"Foo-1", "GPL-2+ with Foo exception"}));
  EXPECT_TRUE(read.permit.is_undeclared());
  EXPECT_EQ(to_text(decide(read.permit, Use{.action = "train"})),
            "train: unknown.\n  unknown licence \"Foo-1\": nothing is declared "
            "[/usr/share/doc/x/copyright, License of Files: *; declared by Debian].");
  const auto either = read_licence_expression("Expat or Foo-1", kSource).value();
  EXPECT_EQ(decide(either.permit, Use{.action = "train"}).answer, Answer::allowed);
}

TEST(Licence, ABrokenExpressionSaysWhere) {
  const auto message = [](std::string_view text) { return read_licence_expression(text, kSource).error().message; };
  EXPECT_EQ(message(""), "licence expression, column 1: expected a licence, got the end");
  EXPECT_EQ(message("GPL-2+ and"), "licence expression, column 11: expected a licence, got the end");
  EXPECT_EQ(message("(GPL-2+ or MIT"), "licence expression, column 15: expected \")\", got the end");
  EXPECT_EQ(message("MIT) or"), "licence expression, column 4: expected \"and\", \"or\" or the end, got \")\"");
  EXPECT_EQ(message("MIT with and"), "licence expression, column 10: expected the name of an exception, got \"and\"");
  EXPECT_EQ(message(std::string(100, '(')), "licence expression, column 34: more than 32 parentheses deep");
  EXPECT_EQ(message(std::string(5000, 'x')), "licence expression: 5000 bytes, at most 4096 are taken");
  std::string choices = "Perl or (MIT or ISC)";
  for (int i = 0; i < 6; ++i) choices += " and (GPL-2 or LGPL-2." + std::to_string(i % 2) + "+)";
  const auto many = read_licence_expression(choices, kSource);
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().message, "licence expression: more than 64 alternatives");
}

TEST(Licence, TwoCopyleftsLeaveNothingToShareAndPrivateUseOpen) {
  const std::array both{of("GFDL-NIV-1.3+"), of("GPL-2"), of("Expat")};
  const Permit permit = meet(both).value();
  const Verdict verdict = decide(permit, Use{.action = "share"});
  EXPECT_EQ(verdict.answer, Answer::denied);
  ASSERT_EQ(verdict.reasons.size(), 2U);
  EXPECT_EQ(verdict.reasons[0].declaration, "GFDL-1.3-no-invariants-or-later");
  EXPECT_EQ(verdict.reasons[1].declaration, "GPL-2.0-only");
  EXPECT_EQ(verdict.reasons[1].stance,
            "a model counts as made from the texts it was trained on, until the law is settled");
  for (const char* action : {"train", "adapt", "evaluate", "use", "deploy"})
    EXPECT_EQ(decide(permit, Use{.action = action}).answer, Answer::allowed);
  EXPECT_EQ(decide(permit, Use{}).answer, Answer::denied);
}

TEST(Licence, PlansBackwards) {
  const Permit gpl = Permit::everyone_under("GPL-3+").value(), apache = Permit::everyone_under("Apache-2.0").value();
  for (const char* free :
       {"Expat", "BSD-3-clause", "GPL-2+", "GPL-3+", "LGPL-2.1+", "Apache-2.0", "Perl", "ISC and Zlib"}) {
    EXPECT_TRUE(admits(of(free), gpl).admitted) << free;
    EXPECT_TRUE(implies(gpl, of(free))) << free;
  }
  for (const char* other : {"GPL-2", "GFDL-NIV-1.3+", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "BSD-4-clause", "Foo"})
    EXPECT_FALSE(admits(of(other), gpl).admitted) << other;
  EXPECT_TRUE(admits(of("Expat and BSD-2-clause"), apache).admitted);
  EXPECT_FALSE(admits(of("GPL-3+"), apache).admitted);
  EXPECT_EQ(admits(of("GPL-2"), apache).reason,
            "GPL-2.0-only lets what is made from it be shared under GPL-2.0-only only, and the plan is to share under "
            "Apache-2.0");
  EXPECT_EQ(Permit::everyone_under("Foo").error().message, "no licence \"Foo\" in the catalogue");
}

TEST(Licence, NonCommercialIsDeniedForCommerceAlone) {
  const Permit nc = of("CC-BY-NC-4.0");
  EXPECT_EQ(decide(nc, Use{.action = "use", .purpose = "non-commercial.research"}).answer, Answer::allowed);
  EXPECT_EQ(decide(nc, Use{.action = "use", .purpose = "CommercialPurpose"}).answer, Answer::denied);
  EXPECT_EQ(decide(nc, Use{.action = "use", .purpose = "security"}).answer, Answer::unknown);
}

TEST(Licence, DutiesFallDueOnSharing) {
  const Verdict share = decide(of("Expat"), Use{.action = "share", .licence = "GPL-3+"});
  EXPECT_EQ(share.answer, Answer::allowed);
  ASSERT_EQ(share.duties.size(), 1U);
  EXPECT_EQ(share.duties[0].text, "Keep the copyright and licence notices of the sources.");
  EXPECT_TRUE(decide(of("Expat"), Use{.action = "use"}).duties.empty());
}

TEST(Licence, HostileExpressionsAndCataloguesDoNotCrash) {
  std::mt19937_64 random(7);
  const std::string good = "(GPL-2+ with Autoconf exception or Artistic), and Expat and/or ISC, BSD-3-clause";
  for (std::size_t i = 0; i <= good.size(); ++i) (void)read_licence_expression(good.substr(0, i), kSource);
  for (int i = 0; i < 2000; ++i) {
    std::string bad = good;
    for (int k = 0; k < 3; ++k) bad[random() % bad.size()] = static_cast<char>(random());
    if (const auto read = read_licence_expression(bad, kSource)) (void)decide(read->permit, Use{});
  }
  const std::string file(embedded::licences_toml().substr(0, 6000));
  for (int i = 0; i < 200; ++i) {
    std::string bad = file.substr(0, random() % file.size());
    if (!bad.empty()) bad[random() % bad.size()] = static_cast<char>(random());
    (void)parse_licence_catalogue(bad, "x");
  }
}

}  // namespace
}  // namespace cairn::permit
