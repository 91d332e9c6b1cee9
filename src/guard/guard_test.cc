#include "guard/guard.h"

#include <gtest/gtest.h>

#include <array>

#include "base/json.h"
#include "guard/test_site.h"
#include "permit/licence.h"

namespace cairn::guard {
namespace {

using permit::Answer;
using permit::Use;

const Use kAdapt{.action = "adapt",
                 .task = "text.draft-reply",
                 .purpose = "non-commercial",
                 .audience = "members",
                 .place = "own-machine"};
const Use kTrain{.action = "train"};
const Use kDraft{.action = "use",
                 .task = "text.draft-reply",
                 .purpose = "non-commercial",
                 .audience = "members",
                 .place = "own-machine"};
const Use kTranslate{
    .action = "use", .task = "text.translation.machine", .audience = "members", .place = "own-machine"};

// books (MIT) -> base; base and mailbox (narrow) -> module; scan: nobody said anything about it.
struct Lineage : TestSite {
  Guard guard = open();
  AssetId books = declare(guard, "books", licence("MIT"), "All of the books.").value();
  AssetId mailbox = declare(guard, "mailbox", mail_permit(), "Dear Ada, the meeting is at noon.").value();
  AssetId scan = undeclared(guard, "scan").value();
  AssetId base = derive(guard, "model", "base", {{kTrain, books}}).value();
  AssetId module = derive(guard, "module", "drafts", {{kAdapt, base}, {kAdapt, mailbox}}).value();

  Answer answer(const Use& use, const AssetId& asset) { return guard.judge(use, asset).value().answer; }
};

TEST(Guard, AllowedDeniedUnknownAndAbsentAreFourThings) {
  Lineage site;
  EXPECT_EQ(site.answer(kDraft, site.module), Answer::allowed);
  EXPECT_EQ(site.answer(kTranslate, site.module), Answer::denied);
  EXPECT_EQ(site.answer(kTranslate, site.base), Answer::allowed);
  EXPECT_EQ(site.answer(kTranslate, site.scan), Answer::unknown);
  Use chat = kDraft;
  chat.task = "text.chat";
  EXPECT_EQ(site.answer(chat, site.module), Answer::unknown);
  EXPECT_EQ(site.guard.authorise(kTranslate, site.module).error().code, ErrorCode::denied);
  EXPECT_EQ(site.guard.authorise(kTranslate, site.scan).error().code, ErrorCode::unknown);
  EXPECT_EQ(site.guard.authorise(kTranslate, {sha256("none")}).error().code, ErrorCode::not_found);
  EXPECT_EQ(site.guard.judge({.action = "us"}, site.base).value().answer, Answer::unknown);
}

TEST(Guard, ARefusalNamesClauseSourceAndPath) {
  Lineage site;
  const Error error = site.guard.authorise(kTranslate, site.module).error();
  const permit::Verdict verdict = permit::verdict_from_json(parse_json(error.detail).value()).value();
  ASSERT_EQ(verdict.reasons.size(), 1u);
  const permit::Reason& reason = verdict.reasons[0];
  EXPECT_EQ(reason.declaration, "Mailbox of Ada");
  EXPECT_EQ(reason.ground, "my letters shall not power a translation system");
  EXPECT_EQ(reason.sources[0].where, "mailbox.permit.toml");
  const std::vector<std::string> path{fmt::format("module \"drafts\" ({})", site.module.brief()),
                                      fmt::format("record-set \"mailbox\" ({})", site.mailbox.brief())};
  EXPECT_EQ(reason.path, path);
  EXPECT_TRUE(error.message.starts_with(fmt::format("module \"drafts\" ({}): ", site.module.brief()))) << error.message;
  EXPECT_NE(error.message.find("by way of " + path[0] + " <- " + path[1]), std::string::npos) << error.message;
}

TEST(Guard, ExplanationsAreTheNearestSourceAndAlwaysTheSame) {
  Lineage site;
  const AssetId second = declare(site.guard, "letters", mail_permit("Letters of Bob"), "Dear Bob").value();
  const AssetId merged = derive(site.guard, "module", "merged", {{kAdapt, site.module}, {kAdapt, second}}).value();
  const std::string text = permit::to_text(site.guard.judge(kTranslate, merged).value());
  EXPECT_NE(text.find("Letters of Bob"), std::string::npos);  // one step away; Ada's mailbox is two
  EXPECT_EQ(text.find("Mailbox of Ada"), std::string::npos);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(permit::to_text(site.open().judge(kTranslate, merged).value()), text);
}

// Each copyleft alone may be shared under itself; together under nothing. Only both explain it.
TEST(Guard, TwoThatOnlyTogetherForbidAreNamedTogether) {
  Lineage site;
  const AssetId one = declare(site.guard, "one", licence("GPL-2.0-only"), "1").value(),
                two = declare(site.guard, "two", licence("GPL-3.0-only"), "2").value();
  const AssetId mixed =
      derive(site.guard, "model", "mixed", {{kTrain, one}, {kTrain, two}, {kTrain, site.books}}).value();
  const Use share{.action = "share"};
  EXPECT_EQ(site.answer(share, mixed), Answer::denied);
  EXPECT_EQ(site.answer({.action = "use"}, mixed), Answer::allowed);
  const std::string text = permit::to_text(site.guard.judge(share, mixed).value());
  EXPECT_NE(text.find("GPL-2.0-only"), std::string::npos) << text;
  EXPECT_NE(text.find("GPL-3.0-only"), std::string::npos) << text;
  EXPECT_EQ(text.find("MIT"), std::string::npos) << text;
  EXPECT_NE(text.find("record-set \"one\""), std::string::npos) << text;
}

TEST(Guard, BytesComeOnlyForTheAssetAndRoleOfAPass) {
  Lineage site;
  const Pass pass = site.guard.authorise(kAdapt, site.mailbox).value();
  EXPECT_EQ(site.guard.open(pass, site.mailbox, "records").value().text(), "Dear Ada, the meeting is at noon.");
  EXPECT_EQ(site.guard.open(pass, site.mailbox, "weights").error().message,
            fmt::format("record-set \"mailbox\" ({}) has no \"weights\"", site.mailbox.brief()));
  EXPECT_EQ(site.guard.open(pass, site.books, "records").error().code, ErrorCode::invalid);
  Lineage other;
  EXPECT_EQ(other.guard.open(pass, site.mailbox, "records").error().message,
            fmt::format("the pass for {} is another site's", site.mailbox.brief()));
}

TEST(Guard, WhatIsNarrowIsSealedAndWhatIsPublicIsMapped) {
  Lineage site;
  EXPECT_FALSE(site.guard.ledger().asset(site.books).value().manifest.blobs[0].sealed);
  EXPECT_FALSE(site.guard.ledger().asset(site.base).value().manifest.blobs[0].sealed);
  for (const AssetId& asset : {site.mailbox, site.module, site.scan})
    EXPECT_TRUE(site.guard.ledger().asset(asset).value().manifest.blobs[0].sealed);
  for (const auto& item : std::filesystem::recursive_directory_iterator(site.root)) {
    if (!item.is_regular_file()) continue;
    EXPECT_EQ(read_text(item.path()).value().find("meeting is at noon"), std::string::npos) << item.path();
  }
}

TEST(Guard, WhatIsDerivedIsNeverAllowedMoreThanAnyInput) {
  Lineage site;
  const auto effective = site.guard.permit_of(site.module).value();
  for (const AssetId& input : {site.base, site.mailbox, site.books})
    EXPECT_TRUE(permit::implies(effective, site.guard.permit_of(input).value()));
  // An unknown input makes all unknown, a restriction narrows, and nothing derived may declare.
  EXPECT_TRUE(site.guard.permit_of(site.scan).value().is_undeclared());
  const std::array passes{site.guard.authorise(kTrain, site.books).value()};
  Output output{.kind = "model", .name = "careful", .step = "train"};
  output.restriction = Declared{mail_permit("House rule"), "plan.toml", "the lab"};
  const AssetId careful = site.guard.commit(passes, output).value();
  EXPECT_EQ(site.answer(kTranslate, careful), Answer::denied);
  EXPECT_EQ(site.guard.judge(kTranslate, careful).value().reasons[0].path.size(), 1u);
  output.declared = output.restriction;
  EXPECT_EQ(site.guard.commit(passes, output).error().message,
            "an asset made from others inherits its permit and declares none");
}

TEST(Guard, ARevocationClosesWhatDescendsAndLeavesTheRest) {
  Lineage site;
  const Pass before = site.guard.authorise(kDraft, site.module).value(),
             base = site.guard.authorise(kTranslate, site.base).value();
  const AssetId report = derive(site.guard, "report", "bias", {{kDraft, site.module}}).value();
  const std::string bytes(site.guard.open(base, site.base, "records").value().text());
  const Withdrawal done = site.guard.revoke(site.mailbox, "I changed my mind").value();
  ASSERT_EQ(done.reached.size(), 2u);
  EXPECT_EQ(done.reached[0].id, site.module);
  EXPECT_EQ(done.reached[1].id, report);
  EXPECT_EQ(site.guard.check(before).error().message,
            fmt::format("the pass for {} is from epoch 0, permits have changed since: epoch 1", site.module.brief()));
  EXPECT_EQ(site.guard.open(before, site.module, "records").error().code, ErrorCode::stale);
  const permit::Verdict verdict = site.guard.judge(kDraft, site.module).value();
  EXPECT_EQ(verdict.answer, Answer::denied);
  EXPECT_EQ(verdict.reasons[0].ground, "I changed my mind");
  EXPECT_EQ(verdict.reasons[0].path.back(), fmt::format("record-set \"mailbox\" ({})", site.mailbox.brief()));
  // The base answers as it did, with the same bytes.
  const Pass again = site.guard.authorise(kTranslate, site.base).value();
  EXPECT_EQ(site.guard.open(again, site.base, "records").value().text(), bytes);
  EXPECT_EQ(site.guard.revoke(site.mailbox, "twice").error().code, ErrorCode::invalid);
  EXPECT_EQ(site.guard.revoke(site.base, "").error().code, ErrorCode::invalid);
  EXPECT_TRUE(site.guard.ledger().verify().value().ok());
}

TEST(Guard, AStepThatARevocationOvertookStoresNothing) {
  Lineage site;
  const std::array passes{site.guard.authorise(kAdapt, site.mailbox).value()};
  Guard other = site.open();
  ASSERT_TRUE(other.revoke(site.mailbox, "withdrawn").has_value());
  const std::uint64_t size = site.guard.ledger().head().value().size;
  EXPECT_EQ(site.guard.commit(passes, {.kind = "module", .name = "late", .step = "adapt"}).error().code,
            ErrorCode::stale);
  EXPECT_EQ(site.guard.ledger().head().value().size, size);
}

TEST(Guard, PassesEndAtTheirDeadline) {
  SetClock clock;
  const Env env{clock, system_entropy()};
  Lineage site;
  Guard guard = Guard::open(site.root, {"timed"}, env, {.pass_lifetime = std::chrono::minutes(5)}).value();
  const Pass pass = guard.authorise(kTrain, site.books).value();
  EXPECT_EQ(pass.deadline(), clock.time + std::chrono::minutes(5));
  clock.time += std::chrono::minutes(5) - Duration(1);
  EXPECT_TRUE(guard.check(pass).has_value());
  clock.time += Duration(1);
  EXPECT_EQ(guard.check(pass).error().message,
            fmt::format("the pass for {} held until {}", site.books.brief(), to_iso(pass.deadline())));
}

TEST(Guard, APermitThatEndsEndsItsPasses) {
  SetClock clock;
  const Env env{clock, system_entropy()};
  Lineage site;
  Guard guard = Guard::open(site.root, {"timed"}, env, {.pass_lifetime = std::chrono::hours(72)}).value();
  const std::string toml =
      "title = \"Loan\"\nby = \"Eve\"\n[[allow]]\naction = \"train\"\nuntil = 2026-11-24\nwhy = \"lent\"\n";
  const AssetId loan = declare(guard, "loan", permit::permit_from_toml(toml, "loan.toml").value(), "x").value();
  const Pass pass = guard.authorise(kTrain, loan).value();
  EXPECT_EQ(to_iso(pass.deadline()), "2026-11-25T00:00:00.000Z");
  clock.time += std::chrono::hours(48);
  EXPECT_EQ(guard.authorise(kTrain, loan).error().code, ErrorCode::unknown);
}

TEST(Guard, EveryVerdictIsInTheLogWithItsReasonsAndNoMore) {
  Lineage site;
  const std::uint64_t before = site.guard.ledger().head().value().size;
  ASSERT_TRUE(site.guard.judge(kTranslate, site.module).has_value());
  ASSERT_FALSE(site.guard.authorise(kTranslate, site.module).has_value());
  const auto entries = site.guard.ledger().entries(before, 10).value();
  ASSERT_EQ(entries.size(), 2u);
  const Json payload = parse_json(entries[1].payload).value();
  EXPECT_EQ(entries[1].event, "verdict");
  EXPECT_EQ(payload["answer"], "denied");
  EXPECT_EQ(payload["act"], "pass");
  EXPECT_EQ(payload["actor"], "test");
  EXPECT_EQ(payload["asset"], site.module.hex());
  EXPECT_EQ(payload["use"]["task"], "text.translation.machine");
  EXPECT_EQ(payload["reasons"].size(), 1u);
  EXPECT_EQ(payload.size(), 6u);  // what was asked, by whom, of what, and the answer: nothing else
}

TEST(Guard, OtherPartsMayLogButNotInTheLedgersName) {
  Lineage site;
  EXPECT_TRUE(site.guard.record("run.plan", "{\"rounds\": 3}").has_value());
  EXPECT_EQ(site.guard.record("verdict", "{}").error().message, "event: \"verdict\" is the ledger's own");
  EXPECT_EQ(site.guard.record("x", "[]").error().message, "payload: expected a JSON object, got array");
  EXPECT_EQ(Guard::open(site.root, {""}, test_env()).error().code, ErrorCode::invalid);
}

TEST(Guard, BadOutputsAreRefusedBeforeAnythingIsWritten) {
  Lineage site;
  const auto blobs = [&] {
    std::size_t n = 0;
    for (const auto& item : std::filesystem::recursive_directory_iterator(site.root / "blobs"))
      n += item.is_regular_file();
    return n;
  };
  const std::size_t before = blobs();
  Output output{.kind = "model", .name = "m", .step = "train"};
  output.blobs = {{.role = "weights", .bytes = {as_bytes("x")}}, {.role = "weights", .bytes = {as_bytes("y")}}};
  EXPECT_EQ(site.guard.commit({}, output).error().message,
            "blobs: expected ascending roles, each once; \"weights\" follows \"weights\"");
  output.blobs.pop_back();
  output.settings = "{";
  EXPECT_EQ(site.guard.commit({}, output).error().message, "settings: not JSON: line 1, column 2");
  output.settings = "{}";
  output.blobs[0].file = "/nonexistent/weights";
  EXPECT_EQ(site.guard.commit({}, output).error().code, ErrorCode::not_found);
  EXPECT_EQ(blobs(), before);
}

TEST(Guard, AChangedBlobIsNotHandedOut) {
  Lineage site;
  const auto blob = site.guard.ledger().asset(site.books).value().manifest.blobs[0];
  const std::string hex = blob.id.hex();
  ASSERT_TRUE(write_file(site.root / "blobs" / hex.substr(0, 2) / hex, "All of the crooks.").has_value());
  const Pass pass = site.guard.authorise(kTrain, site.books).value();
  EXPECT_EQ(site.guard.open(pass, site.books, "records").error().code, ErrorCode::malformed);
}

}  // namespace
}  // namespace cairn::guard
