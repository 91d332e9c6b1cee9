#include "eval/spec.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "base/files.h"
#include "eval/html.h"

namespace cairn::eval {
namespace {

BiasFigure figure(std::uint64_t pairs, Interval share, std::string warning) {
  return {.pairs = pairs, .ties = 1, .share = share, .difference = {0.5, -0.25, 1.25}, .warning = std::move(warning)};
}

Spec sample() {
  Spec spec;
  spec.name = "hillside <base>";
  spec.version = "1";
  spec.created = "2026-11-23T00:00:00.000Z";
  spec.maker = "A \"community\" lab & friends";
  spec.asset = std::string(64, 'a');
  spec.model_digest = std::string(64, 'b');
  spec.licence = "GPL-3.0-or-later";
  spec.summary = {"A small model that continues technical English.", "It knows nothing else."};
  spec.uses = {{"text generation, by anyone", "allowed", "all sources allow it"},
               {"machine translation of the mailbox", "denied", "clause 2 of mailbox.permit.toml"},
               {"face recognition", "unknown", "no source says anything of it"}};
  spec.data = {{"libssl-doc", "Apache-2.0", "base", "implies the base's permit", 627, 2'900'000},
               {"git-man", "GPL-2.0-only", "left out", "does not mix with GPL-3.0-or-later", 187, 2'750'000}};
  spec.training = {.parameters = 3'145'728,
                   .tokens = 1'000'000,
                   .rounds = 12,
                   .contributions = 48,
                   .replayed = 48,
                   .refused = 1,
                   .seconds = 100.5,
                   .settings = {{"optimiser", "AdamW"}, {"profile", "c1"}},
                   .contributors = {{"ada", 40, 900'000, ""}, {"eve", 1, 0, "put out: it did not replay"}}};
  spec.energy = {.joules = 7200, .cpu_seconds = 200, .measured = false, .method = "10 W for each busy core."};
  spec.measures = {{.name = "Bits per byte",
                    .unit = "bit",
                    .value = 1.9,
                    .interval = Interval{1.9, 1.85, 1.95},
                    .less_is_better = true,
                    .beside = {{"order-3 bytes", 2.3}, {"xz -9", 2.1}},
                    .note = "held-out documents"}};
  spec.bias = BiasReport{.all = figure(112, {0.52, 0.43, 0.61}, ""),
                         .by_kind = {{"age", figure(14, {0.5, 0.27, 0.73}, "14 pairs are few")},
                                     {"gender", figure(14, {0.86, 0.6, 0.96}, "14 pairs are few")}}};
  spec.limits = {"English alone."};
  spec.modules = {{"replies", std::string(64, 'c'), "a mailbox", "drafting replies", "machine translation", "a tone"}};
  spec.duties = {{"Attribution", "Name the authors."}};
  spec.log_root = std::string(64, 'd');
  spec.log_size = 1234;
  spec.verify = {{"The weights are those named here:", "sha256sum model.safetensors"}};
  return spec;
}

TEST(Spec, JsonHoldsEverything) {
  const Json json = to_json(sample());
  const Spec back = read_spec(json).value();
  EXPECT_EQ(canonical(to_json(back)), canonical(json));
  EXPECT_EQ(to_html(back), to_html(sample()));
  EXPECT_EQ(json["uses"][1]["answer"], "denied");
  EXPECT_EQ(json["training"]["tokens"], 1'000'000);
  EXPECT_EQ(json["bias"]["by_kind"]["gender"]["share"]["low"], 0.6);
}

TEST(Spec, ErrorsNameThePlace) {
  const auto message = [](const char* pointer, const Json& value) {
    Json json = to_json(sample());
    json[Json::json_pointer(pointer)] = value;
    const auto result = read_spec(json);
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_EQ(message("/name", 3), "name: expected a string, got number");
  EXPECT_EQ(message("/uses/2/answer", "perhaps"),
            "uses[2].answer: expected allowed, denied or unknown, got \"perhaps\"");
  EXPECT_EQ(message("/data/0/bytes", -1), "data[0].bytes: expected a whole number of 0 or more, got number");
  EXPECT_EQ(message("/training/contributors", "none"), "training.contributors: expected an array, got string");
  EXPECT_EQ(message("/bias/by_kind/age/share", Json::array()), "bias.by_kind.age.share: expected an object, got array");
  EXPECT_EQ(message("/measures/0/value", nullptr), "measures[0].value: expected a number, got null");
  EXPECT_EQ(message("/something_new", 1), "accepted");
  EXPECT_EQ(message("/bias", nullptr), "accepted");
  Json without = to_json(sample());
  without.erase("log_root");
  EXPECT_EQ(read_spec(without).error().message, "log_root: missing");
  EXPECT_EQ(read_spec(Json(7)).error().message, "the spec: expected an object, got number");
}

// The page is pinned. CAIRN_WRITE_GOLDEN=1 build/eval_test writes it anew; look at it in a browser before committing
// it.
TEST(Spec, PageIsTheGoldenOne) {
  const std::filesystem::path path = std::filesystem::path(CAIRN_EVAL_FOLDER) / "testdata" / "spec.html";
  const std::string page = to_html(sample());
  if (std::getenv("CAIRN_WRITE_GOLDEN") != nullptr) {
    ASSERT_TRUE(make_folder(path.parent_path()));
    ASSERT_TRUE(write_file(path, page));
  }
  EXPECT_EQ(page, read_text(path).value());
}

// Every element that is opened is closed, in order: what no escaping may break.
void expect_balanced(const std::string& page) {
  static const std::vector<std::string> alone = {"!DOCTYPE", "meta", "br"};
  std::vector<std::string> open;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    const std::size_t end = page.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const bool closing = page[at + 1] == '/';
    const std::size_t from = at + 1 + closing;
    const std::string name = page.substr(from, std::min(page.find_first_of(" />", from), end) - from);
    if (closing) {
      ASSERT_FALSE(open.empty()) << name;
      ASSERT_EQ(open.back(), name) << "at " << at;
      open.pop_back();
    } else if (page[end - 1] != '/' && std::find(alone.begin(), alone.end(), name) == alone.end()) {
      open.push_back(name);
    }
  }
  EXPECT_TRUE(open.empty());
}

TEST(Spec, PageHoldsNoTextUnescaped) {
  const std::string evil = "<script>alert('x')</script>\"' onload=\"&\x01\xff";
  Json json = to_json(sample());
  std::function<void(Json&)> poison = [&](Json& j) {
    if (j.is_string() && j != "allowed" && j != "denied" && j != "unknown") j = evil;
    if (j.is_structured())
      for (Json& inner : j) poison(inner);
  };
  poison(json);
  json["training"]["settings"] = {{evil, evil}};
  json["bias"]["by_kind"] = {{evil, json["bias"]["all"]}};
  const std::string page = to_html(read_spec(json).value());
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("\" onload"), std::string::npos);
  EXPECT_EQ(page.find('\x01'), std::string::npos);
  EXPECT_EQ(page.find('\xff'), std::string::npos);
  expect_balanced(page);
  expect_balanced(to_html(sample()));
}

TEST(Spec, EmptyAndBrokenFiguresStillMakeAPage) {
  expect_balanced(to_html(Spec{}));
  Spec spec = sample();
  spec.training.seconds = -1;
  spec.measures[0].value = std::nan("");
  spec.bias->all.share = {std::nan(""), -3, 40};
  const std::string page = to_html(spec);
  expect_balanced(page);
  EXPECT_EQ(page.find("nan"), std::string::npos);
}

TEST(Spec, PageFetchesNothing) {
  const std::string page = to_html(sample());
  for (const char* word : {"http://", "https://", "src=", "url(", "@import", "<script", "<link"})
    EXPECT_EQ(page.find(word), std::string::npos) << word;
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

TEST(Spec, FlippedJsonNeverCrashes) {
  const std::string good = canonical(to_json(sample()));
  std::mt19937 random(3);
  for (int trial = 0; trial < 300; ++trial) {
    std::string bad = good;
    bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 7);
    const auto json = parse_json(bad);
    if (!json) continue;
    if (const auto spec = read_spec(*json)) expect_balanced(to_html(*spec));
  }
}

TEST(Html, NumbersAsPeopleReadThem) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
  EXPECT_EQ(in_bytes(999), "999 B");
  EXPECT_EQ(in_bytes(18'400'000), "18.4 MB");
  EXPECT_EQ(in_time(59.94), "59.9 s");
  EXPECT_EQ(in_time(100.5), "1 min 40 s");
  EXPECT_EQ(in_time(3 * 3600 + 300), "3 h 5 min");
  EXPECT_EQ(significant(0.0020001), "0.002");
  EXPECT_EQ(percent(0.5234), "52.3 %");
}

TEST(Html, EscapingKeepsWellFormedText) {}

}  // namespace
}  // namespace cairn::eval
