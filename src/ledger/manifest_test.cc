#include "ledger/manifest.h"

#include <gtest/gtest.h>

#include <random>

#include "base/json.h"

namespace cairn::ledger {
namespace {

Manifest example() {
  Manifest m{.kind = "corpus", .name = "Documentation, curated", .step = "curate"};
  m.settings = R"({"passes":["normalise","language"]})";
  m.properties = R"({"records":12,"share":0.25})";
  m.inputs = {{sha256("a")}, {sha256("b")}};
  std::sort(m.inputs.begin(), m.inputs.end());
  m.blobs = {
      {.role = "records", .id = {sha256("c")}, .size = 7},
      {.role = "sketches", .id = {sha256("d")}, .size = 9, .sealed = true, .salt = {1, 2}, .commitment = sha256("e")}};
  m.permit = {sha256("p")};
  m.restriction = DeclaredPermit{{sha256("q")}, "plan.toml, [base]", "the lab"};
  m.actor = "cairn curate";
  m.created = TimePoint(Duration(1'763'855'000'123));
  m.nonce = {9, 8, 7};
  return m;
}

std::string error_of(const Manifest& manifest) {
  const Status checked = check(manifest);
  return checked ? "" : checked.error().message;
}

TEST(Manifest, ItsBodyReadsBackAsItself) {
  const Manifest manifest = example();
  ASSERT_EQ(error_of(manifest), "");
  const std::string body = body_of(manifest);
  const Manifest back = parse_manifest(body).value();
  EXPECT_EQ(body_of(back), body);
  EXPECT_EQ(back.blobs[1].commitment, sha256("e"));
  EXPECT_EQ(back.restriction->where, "plan.toml, [base]");
}

// The worked example of docs/formats/manifest.md: a change of these bytes is a change of the format.
TEST(Manifest, ItsBytesAreFixed) {
  Manifest m{.kind = "record-set", .name = "mailbox", .step = "ingest"};
  m.permit = {sha256("p")};
  m.declared = DeclaredPermit{m.permit, "mailbox.permit.toml", "Ada"};
  m.blobs = {{.role = "records", .id = {sha256("c")}, .size = 7}};
  m.actor = "cairn add";
  m.created = TimePoint(Duration(1000));
  EXPECT_EQ(
      body_of(m),
      R"({"actor":"cairn add","author":"0000000000000000000000000000000000000000000000000000000000000000",)"
      R"("blobs":[{"id":"2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6","role":"records","size":7}],)"
      R"("created_ms":1000,"declared":{"by":"Ada","permit":"148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940",)"
      R"("where":"mailbox.permit.toml"},"format":"cairn-manifest-1","inputs":[],"kind":"record-set","name":"mailbox",)"
      R"("nonce":"00000000000000000000000000000000","permit":"148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940",)"
      R"("properties":{},"settings":{},"step":"ingest"})");
}

TEST(Manifest, SaysWhatIsWrongWithAField) {
  Manifest m = example();
  m.kind = "Corpus!";
  EXPECT_EQ(error_of(m), "kind \"Corpus!\": expected a small letter or digit, then up to 63 of a-z 0-9 . _ -");
  m = example();
  m.name = "red\x1b[31m";
  EXPECT_EQ(error_of(m), "name: expected 1 to 200 bytes of UTF-8 without control characters");
  m.name = "right\u202Eleft";
  EXPECT_NE(error_of(m), "");
  m.name = "\xC0\xAF";
  EXPECT_NE(error_of(m), "");
  m = example();
  m.settings = "[1]";
  EXPECT_EQ(error_of(m), "settings: expected a JSON object, got array");
  m.settings = "{\"b\": 1}";
  EXPECT_EQ(error_of(m), "settings: not in canonical form (sorted keys, no spaces)");
  m = example();
  m.inputs = {m.inputs[0], m.inputs[0]};
  EXPECT_EQ(error_of(m), "inputs: expected ascending ids, each once");
  m = example();
  m.blobs[1].role = "records";
  EXPECT_EQ(error_of(m), "blobs: expected ascending roles, each once; \"records\" follows \"records\"");
  m = example();
  m.declared = m.restriction;
  EXPECT_EQ(error_of(m), "declared: an asset made from others inherits its permit and declares none");
}

TEST(Manifest, RefusesFieldsThatItDoesNotHave) {
  Json json = parse_json(body_of(example())).value();
  json["extra"] = 1;
  EXPECT_EQ(parse_manifest(canonical(json)).error().message,
            "not in canonical form, or with fields that a manifest does not have");
  json.erase("extra");
  json["permit"] = "12";
  EXPECT_EQ(parse_manifest(canonical(json)).error().message, "\"permit\": expected 64 hexadecimal digits, got 2");
  json["format"] = "cairn-manifest-9";
  EXPECT_EQ(parse_manifest(canonical(json)).error().message,
            "format \"cairn-manifest-9\", expected \"cairn-manifest-1\"");
}

TEST(Manifest, SurvivesEveryTruncationAndAnyFlip) {
  const std::string body = body_of(example());
  for (std::size_t n = 0; n < body.size(); ++n)
    EXPECT_FALSE(parse_manifest(std::string_view(body).substr(0, n)).has_value());
  const unsigned seed = 7;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 3000; ++i) {
    std::string changed = body;
    changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 7);
    if (const auto read = parse_manifest(changed)) {
      EXPECT_EQ(body_of(*read), changed);  // still a manifest, but another one
      EXPECT_NE(id_of_body(changed), id_of_body(body));
    }
  }
}

}  // namespace
}  // namespace cairn::ledger
