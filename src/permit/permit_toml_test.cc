#include <gtest/gtest.h>

#include <random>

#include "base/json.h"
#include "embedded/permit.h"
#include "permit/permit.h"

namespace cairn::permit {
namespace {

Permit mailbox() {
  return permit_from_toml(embedded::mailbox_permit_toml(), "mailbox.permit.toml").value();
}

Use reply() {
  return {.action = "use",
          .task = "text.draft-reply",
          .purpose = "personal",
          .audience = "members",
          .place = "own-machine"};
}

TEST(Mailbox, AnswersTheQuestionTheProjectBeganWith) {
  Use use = reply();
  EXPECT_EQ(decide(mailbox(), use).answer, Answer::allowed);
  use.audience = "owner";
  EXPECT_EQ(decide(mailbox(), use).answer, Answer::allowed);
  use.audience = "volunteers";
  EXPECT_EQ(decide(mailbox(), use).answer, Answer::unknown);
  use = reply();
  use.place = "site";
  EXPECT_EQ(decide(mailbox(), use).answer, Answer::unknown);
  use = reply();
  use.action = "share";
  EXPECT_EQ(decide(mailbox(), use).answer, Answer::denied);
  use = reply();
  use.purpose = "commercial.marketing";
  EXPECT_EQ(decide(mailbox(), use).answer, Answer::denied);
  use = reply();
  use.purpose.clear();  // any purpose: the commercial ones among them
  EXPECT_EQ(decide(mailbox(), use).answer, Answer::denied);
  EXPECT_EQ(to_text(decide(mailbox(), Use{.action = "use", .task = "text.translation.machine"})),
            "use for text.translation.machine: denied.\n"
            "  Mailbox of Ada Example: denies every act for text.translation.machine (my letters shall not power a "
            "translation system) [mailbox.permit.toml; declared by Ada Example, deny[1] at line 14].");
  EXPECT_EQ(mailbox().revocable(), Revocable::yes);
}

TEST(Mailbox, ReadsAloud) {
  EXPECT_EQ(
      to_text(mailbox()),
      "Mailbox of Ada Example\n"
      "  allows adapt, collect, curate, deploy, evaluate, train, use for text.draft-reply by members at own-machine; "
      "may be taken back (help me and my colleagues to answer).\n"
      "  denies every act with purpose commercial (not for profit).\n"
      "  denies every act for text.translation.machine (my letters shall not power a translation system).\n"
      "  denies share (nothing that contains or learned from my letters leaves the machine).\n"
      "  declared in mailbox.permit.toml; declared by Ada Example\n"
      "What is made from it may be shared under any licence.\n"
      "Every use that no clause speaks of is unknown, and refused.\n");
}

void refuses(std::string_view toml, std::string_view message, std::string_view hint = {}) {
  const auto read = permit_from_toml(toml, "p.toml");
  ASSERT_FALSE(read.has_value()) << toml;
  EXPECT_EQ(read.error().message, message);
  EXPECT_EQ(read.error().hint, hint);
}

TEST(Toml, AMistakeHasItsPlace) {
  refuses("title = \"x\"\n[[deny]]\ntask = \"text.translation.machin\"\n",
          "p.toml:3:8: unknown task \"text.translation.machin\"\n  task = \"text.translation.machin\"\n         ^",
          "did you mean \"text.translation.machine\"?");
  refuses("title = \"x\"\n[[deny]]\npurpos = \"commercial\"\n",
          "p.toml:3:1: unknown key \"purpos\"\n  purpos = \"commercial\"\n  ^", "did you mean \"purpose\"?");
  refuses("[[allow]]\n", "p.toml:1:1: a permit needs a title\n  [[allow]]\n  ^",
          "begin with: title = \"Letters of ...\"");
  refuses("title = \"x\"\n",
          "p.toml:1:1: a permit needs at least one [[allow]] or [[deny]], or a licence\n  title = \"x\"\n  ^",
          "everything that no clause allows is refused");
  refuses("title = \"x\"\n[[allow]]\nuntil = \"soon\"\n",
          "p.toml:3:9: \"until\": expected a day such as 2027-12-31, without quotes\n  until = \"soon\"\n          ^");
  refuses("title = \"x\"\n[[allow]]\nfrom = 2027-01-02\nuntil = 2027-01-01\n",
          "p.toml:4:9: it ends on 2027-01-01, before it begins on 2027-01-02\n  until = 2027-01-01\n          ^");
  refuses("title = \"x\"\n[allow]\n", "p.toml:2:1: \"allow\": expected tables\n  [allow]\n  ^", "write [[allow]]");
  refuses("title = \"x\"\n[[allow]]\naction = [\"use\", 3]\n",
          "p.toml:3:18: \"action\": expected a text\n  action = [\"use\", 3]\n                   ^");
  refuses("title = \"x\"\nlicence = \"MIT and Foo\"\n",
          "p.toml:2:11: unknown licence \"Foo\"\n  licence = \"MIT and Foo\"\n            ^");
  refuses("title = \"x\"\n[[duty]]\nkind = \"thanks\"\n",
          "p.toml:3:8: unknown kind of duty \"thanks\"\n  kind = \"thanks\"\n         ^",
          "a duty is one of attribution, notice, share-alike, source-text, state-changes, report, other");
}

TEST(Toml, TermsThatLookAlikeAreNotTheSame) {
  const auto read = permit_from_toml("title = \"x\"\n[[deny]]\naction = \"sh\xD0\xB0re\"\n", "p.toml");  // a Cyrillic a
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::malformed);
}

TEST(Toml, ALicenceAndOwnClausesHoldTogether) {
  const Permit permit =
      permit_from_toml("title = \"x\"\nlicence = \"MIT\"\n[[deny]]\npurpose = \"political\"\n", "p.toml").value();
  EXPECT_EQ(decide(permit, Use{.action = "use", .purpose = "personal"}).answer, Answer::allowed);
  EXPECT_EQ(decide(permit, Use{.action = "use", .purpose = "political"}).answer, Answer::denied);
}

TEST(Toml, HostileFilesDoNotCrash) {
  std::mt19937_64 random(11);
  const std::string good(embedded::mailbox_permit_toml());
  for (std::size_t i = 0; i <= good.size(); i += 3) (void)permit_from_toml(good.substr(0, i), "p.toml");
  for (int i = 0; i < 1500; ++i) {
    std::string bad = good;
    for (int k = 0; k < 3; ++k) bad[random() % bad.size()] = static_cast<char>(random());
    if (const auto read = permit_from_toml(bad, "p.toml")) (void)decide(*read, Use{});
  }
  EXPECT_FALSE(permit_from_toml("a = " + std::string(100000, '['), "p.toml").has_value());
  EXPECT_EQ(permit_from_toml(std::string(1 << 21, ' '), "p.toml").error().message,
            "p.toml: a permit of 2097152 bytes, at most 1048576 are taken");
  std::string many = "title = \"x\"\n";
  for (int i = 0; i < 300; ++i) many += "[[allow]]\n";
  EXPECT_EQ(permit_from_toml(many, "p.toml").error().message,
            "p.toml:2:1: 300 times [[allow]], at most 256 are taken\n  [[allow]]\n  ^");
}

TEST(PermitJson, GoesThereAndBackAndRefusesTheRest) {
  const Permit permit = mailbox();
  const Json json = to_json(permit);
  EXPECT_EQ(permit_from_json(json).value(), permit);
  EXPECT_EQ(permit_from_json(Json::object()).error().code, ErrorCode::malformed);
  Json other = json;
  other["format"] = "cairn-permit-9";
  EXPECT_EQ(permit_from_json(other).error().message,
            "a permit in format \"cairn-permit-9\", expected \"cairn-permit-1\"");
  other = json;
  other["grounds"][0]["any_of"][0]["all_of"][0]["clauses"][0]["task"][0] = "text.draft-replay";
  EXPECT_EQ(permit_from_json(other).error().message, "unknown task \"text.draft-replay\"");
  std::mt19937_64 random(13);
  const std::string text = json.dump();
  for (int i = 0; i < 1500; ++i) {
    std::string bad = text;
    for (int k = 0; k < 2; ++k) bad[random() % bad.size()] = static_cast<char>(random());
    const auto parsed = parse_json(bad);
    if (!parsed) continue;
    if (const auto read = permit_from_json(*parsed)) (void)decide(*read, Use{});
  }
}

TEST(UseJson, GoesThereAndBackAndRefusesTheRest) {
  Use use = reply();
  use.when = parse_day("2026-11-23").value();
  use.conditions = {"c"};
  EXPECT_EQ(use_from_json(to_json(use)).value(), use);
  EXPECT_EQ(use_from_json(Json{{"taks", "x"}}).error().message, "a use has no \"taks\"");
  EXPECT_EQ(use_from_json(Json{{"task", 3}}).error().message, "\"task\": expected a text, got number");
  for (const char* bad : {"2026-13-01", "2026-02-29", "26-01-01", "2026-1-1", "2026-01-0x", "1899-12-31", "-026-01-01"})
    EXPECT_FALSE(parse_day(bad).has_value()) << bad;
}

TEST(Vocabulary, IsOneTreeADimensionAndKnowsItsAliases) {
  const auto read = Vocabulary::parse(embedded::vocabulary_toml(), "vocabulary.toml");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const Tree& tasks = read->tree(Dimension::task);
  EXPECT_TRUE(tasks.covers(tasks.find("vision").at(0), tasks.find("vision.face-recognition").at(0)));
  EXPECT_FALSE(tasks.covers(tasks.find("text.translation").at(0), tasks.find("text").at(0)));
  EXPECT_EQ(read->tree(Dimension::place).find("eu").size(), 27U);
  EXPECT_EQ(read->tree(Dimension::audience).find("public").at(0), 0U);
  EXPECT_EQ(read->resolve(Use{.action = "usee"}).error().hint, "did you mean \"use\"?");
}

}  // namespace
}  // namespace cairn::permit
