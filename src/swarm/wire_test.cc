#include "swarm/wire.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "swarm/chance.h"
#include "swarm/rows.h"

namespace cairn::swarm {
namespace {

Plan small_plan() {
  Plan plan;
  plan.name = "small";
  plan.rounds = 2;
  plan.lanes = 2;
  plan.unit.steps = 8;
  plan.unit.stretch = 2;
  plan.parameters = 100;
  plan.checkpoint = sha256("checkpoint");
  for (int i = 0; i < 4; ++i) plan.shards.push_back(sha256(fmt::format("shard {}", i)));
  return plan;
}

SecretKey key_of(std::uint8_t fill) {
  return *SecretKey::from_seed(Bytes(32, fill));
}

Claim small_claim(const Plan& plan) {
  Claim claim;
  claim.unit = {1, 0};
  claim.checkpoint = plan.checkpoint;
  claim.contribution = sha256("bytes");
  for (int i = 0; i < 4; ++i) claim.states.push_back(sha256(fmt::format("state {}", i)));
  claim.mean_loss = 2.5;
  return sign(run_id(plan), claim, key_of(1));
}

TEST(Plan, ReadsBackAsItWasWritten) {
  const Plan plan = small_plan();
  const auto again = plan_from_json(to_json(plan));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, plan);
  EXPECT_EQ(run_id(*again), run_id(plan));
  Plan other = plan;
  other.seed = 1;
  EXPECT_NE(run_id(other), run_id(plan));
  EXPECT_EQ(plan.stretches(), 4U);
}

TEST(Plan, SaysWhatIsOutOfRange) {
  const auto complaint = [](auto change) {
    Plan plan = small_plan();
    change(plan);
    return check(plan).error().message;
  };
  EXPECT_EQ(complaint([](Plan& p) { p.rounds = 0; }), "plan: rounds: expected 1 to 100000, got 0");
  EXPECT_EQ(complaint([](Plan& p) { p.shards.pop_back(); }),
            "plan: shards: expected 4 digests (rounds x lanes), got 3");
  EXPECT_EQ(complaint([](Plan& p) { p.audit_share = 0; }),
            "plan: audit_share: expected more than 0 and at most 1, got 0");
  EXPECT_EQ(complaint([](Plan& p) { p.pace.lease = p.pace.heartbeat; }),
            "plan: lease_ms: expected at least twice heartbeat_ms (4000), got 2000");
  Json json = *parse_json(to_json(small_plan()));
  json["colour"] = "red";
  EXPECT_EQ(plan_from_json(canonical(json)).error().message, "plan: unknown key \"colour\"");
}

TEST(Wire, ARequestIsItsSignersAlone) {
  const RunId run = run_id(small_plan());
  const SecretKey key = key_of(1);
  http::Request request;
  request.method = "POST";
  request.target = "/v1/work";
  request.body = R"({"wait_ms":0})";
  request.headers = signed_headers(run, key, "POST", "/v1/work", request.body);
  ASSERT_TRUE(signer_of(run, request));
  EXPECT_EQ(*signer_of(run, request), key.public_key());
  for (std::string http::Request::*field : {&http::Request::method, &http::Request::target, &http::Request::body}) {
    http::Request other = request;
    (other.*field)[0] ^= 1;
    EXPECT_FALSE(signer_of(run, other));
  }
  Plan plan = small_plan();
  plan.seed = 9;
  EXPECT_FALSE(signer_of(run_id(plan), request));
  request.headers.pop_back();
  EXPECT_EQ(signer_of(run, request).error().message,
            "the request is not signed: expected the headers Cairn-Volunteer and Cairn-Signature");
}

TEST(Wire, AnswersReadBackAsTheyWereWritten) {
  const Answer answers[] = {Welcome{},
                            Assigned{{{3, 1}, sha256("c"), sha256("s")}},
                            NoWork{},
                            Keep{false},
                            Taken{{3, 1}, sha256("k"), Standing::not_needed},
                            RunOver{},
                            Banished{sha256("e")},
                            Refused{{ErrorCode::busy, "full", "later", "{}"}}};
  for (const Answer& answer : answers) {
    const std::string text = to_json(answer);
    const auto again = answer_from_json(text);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->index(), answer.index());
    EXPECT_EQ(to_json(*again), text);
  }
}

TEST(Wire, AClaimTravelsWithItsBytes) {
  const Plan plan = small_plan();
  Claim claim = small_claim(plan);
  const std::string body = claim_body(claim, as_bytes("bytes"));
  const auto read = claim_from_body(body, 4);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->claim, claim);
  EXPECT_TRUE(is_signed(run_id(plan), read->claim));
  EXPECT_EQ(claim_from_body(body, 3).error().message, "claim: \"states\": expected 1 to 3 digests, got 4");
  claim.unit.lane = 1;
  EXPECT_FALSE(is_signed(run_id(plan), claim));
  EXPECT_EQ(claim_from_body(claim_body(claim, as_bytes("bites")), 4).error().code, ErrorCode::malformed);
}

TEST(Wire, AReceiptIsForOneClaimAlone) {
  const RunId run = run_id(small_plan());
  const SecretKey coordinator = key_of(2);
  const VolunteerId volunteer = key_of(1).public_key();
  const Taken taken{{1, 0}, sha256("bytes"), Standing::received};
  const std::string text = receipt(run, volunteer, taken, TimePoint(Duration(5)), coordinator);
  EXPECT_TRUE(check_receipt(text, run, volunteer, taken, coordinator.public_key()));
  EXPECT_FALSE(check_receipt(text, run, volunteer, taken, volunteer));
  EXPECT_FALSE(check_receipt(text, run, coordinator.public_key(), taken, coordinator.public_key()));
  Taken other = taken;
  other.standing = Standing::accepted;
  EXPECT_EQ(check_receipt(text, run, volunteer, other, coordinator.public_key()).error().message,
            "receipt: it is for another claim than that for unit r1.l0");
}

TEST(Wire, ErrorsKeepTheirKindAndDetail) {
  for (const ErrorCode code : {ErrorCode::denied, ErrorCode::unknown, ErrorCode::not_found, ErrorCode::malformed}) {
    const http::Response response = error_response({code, "why", "what next", R"({"a":1})"});
    const Error error = error_from(response.status, response.body);
    EXPECT_EQ(error.code, code);
    EXPECT_EQ(error.detail, R"({"a":1})");
  }
  EXPECT_EQ(error_from(500, "<html>").message, "the coordinator answered 500 Internal Server Error");
}

TEST(Rows, ReadBackAsTheyWereWritten) {
  const Plan plan = small_plan();
  UnitRow unit;
  unit.id = {1, 0};
  unit.phase = UnitPhase::auditing;
  unit.holders = {key_of(1).public_key(), key_of(2).public_key()};
  unit.leases = {{key_of(2).public_key(), TimePoint(Duration(7)), TimePoint(Duration(9)), 0}};
  unit.claim = small_claim(plan);
  unit.waiting = {small_claim(plan)};
  unit.replay = Replay{sha256("r"), {sha256("s")}, 1.25};
  EXPECT_EQ(*unit_row_from_json(to_json(unit), 4), unit);
  VolunteerRow volunteer;
  volunteer.id = key_of(1).public_key();
  volunteer.name = "Ada \"the first\"";
  volunteer.units = 3;
  EXPECT_EQ(*volunteer_row_from_json(to_json(volunteer)), volunteer);
  volunteer.last = Taken{{1, 0}, sha256("k"), Standing::accepted};
  EXPECT_EQ(*volunteer_row_from_json(to_json(volunteer)), volunteer);
  RunRow run;
  run.round = 2;
  run.loss = 3.25;
  EXPECT_EQ(*run_row_from_json(to_json(run)), run);
}

// Every parser of bytes from outside, with every truncation and many flipped bits: an error or a value, no more.
TEST(Wire, ReadersSurviveHostileBytes) {
  const Plan plan = small_plan();
  Cheat cheat;
  cheat.claim = small_claim(plan);
  cheat.replay = {sha256("r"), cheat.claim.states, 2.5};
  UnitRow unit;
  unit.claim = cheat.claim;
  const std::vector<std::pair<std::string, std::function<bool(std::string_view)>>> readers{
      {to_json(plan), [](std::string_view t) { return plan_from_json(t).has_value(); }},
      {claim_body(cheat.claim, as_bytes("bytes")),
       [](std::string_view t) { return claim_from_body(t, 4).has_value(); }},
      {evidence_file(plan, cheat), [](std::string_view t) { return evidence_from_file(t).has_value(); }},
      {to_json(Answer(Assigned{})), [](std::string_view t) { return answer_from_json(t).has_value(); }},
      {to_json(RunBody{kProtocol, plan, key_of(2).public_key()}),
       [](std::string_view t) { return run_from_json(t).has_value(); }},
      {to_json(HeartbeatBody{{1, 0}, 0.5}), [](std::string_view t) { return heartbeat_from_json(t).has_value(); }},
      {to_json(unit), [](std::string_view t) { return unit_row_from_json(t, 4).has_value(); }},
  };
  std::uint64_t random = 17;
  for (const auto& [whole, read] : readers) {
    EXPECT_TRUE(read(whole)) << whole;
    for (std::size_t cut = 0; cut < whole.size(); cut += 1 + whole.size() / 200)
      EXPECT_FALSE(read(std::string_view(whole).substr(0, cut)));
    for (int i = 0; i < 300; ++i) {
      std::string bent = whole;
      random = chance::mix(random);
      bent[random % bent.size()] ^= static_cast<char>(1U << (random >> 32) % 8);
      (void)read(bent);
    }
  }
}

}  // namespace
}  // namespace cairn::swarm
