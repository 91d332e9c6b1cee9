#include "data/mailbox.h"

#include <gtest/gtest.h>

#include <random>

#include "data/synthetic_mailbox.h"

namespace cairn::data {
namespace {

constexpr std::string_view kTwo = R"(From ann@a.example Mon Jan  5 09:12:00 2026
From: Ann Aye <ann@a.example>
To: Bo <bo@b.example>
Subject: =?utf-8?q?Caf=C3=A9?=
Date: Mon, 5 Jan 2026 09:12:00 +0000
Message-ID: <1@a.example>
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

See you at the caf=E9.
>From noon on.

From now on, no more tea.

From bo@b.example Mon Jan  5 10:00:00 2026
From: Bo <bo@b.example>
To: Ann Aye <ann@a.example>
Subject: Re: tea
In-Reply-To: <1@a.example>
Message-ID: <2@b.example>

Fine!

Ann Aye wrote:
> See you at the caf.
> Yes.

Bo

)";

std::string error_of(std::string_view mbox, const MailboxSettings& settings = {}) {
  const auto read = read_mbox(as_bytes(mbox), settings);
  return read ? "(read)" : read.error().message;
}

constexpr std::string_view kFront = "From x@x.example Mon Jan  5 10:00:00 2026\n";
std::string one(std::string_view rest) {
  return std::string(kFront) + std::string(rest);
}

TEST(Mailbox, ReadsHeadersAndText) {
  const auto messages = read_mbox(as_bytes(kTwo)).value();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].from, "Ann Aye <ann@a.example>");
  EXPECT_EQ(messages[0].subject, "Caf\u00E9");
  EXPECT_EQ(messages[0].body, "See you at the caf\u00E9.\nFrom noon on.\n\nFrom now on, no more tea.\n");
  EXPECT_EQ(to_iso(*messages[0].date), "2026-01-05T09:12:00.000Z");
  EXPECT_EQ(messages[1].number, 2U);
  EXPECT_EQ(messages[1].offset, kTwo.find("From bo@"));
  EXPECT_FALSE(messages[1].date.has_value());
}

TEST(Mailbox, FindsWhatAnswersWhat) {
  const auto messages = read_mbox(as_bytes(kTwo)).value();
  const auto pairs = exchanges(messages);
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].message, &messages[0]);
  EXPECT_EQ(pairs[0].reply, &messages[1]);
  EXPECT_EQ(own_words(messages[1]), "Fine!\n\nBo\n");
}

TEST(Mailbox, TakesThePlainTextOfSeveralParts) {
  const auto message =
      read_mbox(
          as_bytes(one("From: a@a.example\nContent-Type: multipart/mixed; boundary=o\n\n"
                       "--o\nContent-Type: multipart/alternative; boundary=i\n\n"
                       "--i\nContent-Type: text/plain\n\nplain\n--i\nContent-Type: text/html\n\n<p>rich</p>\n--i--\n"
                       "--o\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAAA\n--o--\n\n")))
          .value()[0];
  EXPECT_EQ(message.body, "plain\n");
  EXPECT_EQ(message.attachments, 1U);
  const auto html =
      read_mbox(as_bytes(one("From: a@a.example\nContent-Type: text/html\n\n<p>one<p>two <b>three</b>\n\n")))
          .value()[0];
  EXPECT_EQ(html.body, "one\n\ntwo three\n");
}

TEST(Mailbox, SaysWhichMessageIsBrokenAndHow) {
  EXPECT_EQ(error_of("hello\n"), "message 1 at offset 0: not an mbox: expected a \"From \" line with a date");
  EXPECT_EQ(error_of(kTwo.substr(0, kTwo.size() - 2)),
            fmt::format("message 2 at offset {}: cut short: an mbox ends with an empty line", kTwo.find("From bo@")));
  EXPECT_EQ(error_of(one("To: a@a.example\n\nhi\n\n")), "message 1 at offset 0: no From: header");
  EXPECT_EQ(error_of(std::string(kTwo) + one("From: a@a.example\nno header\n\nhi\n\n")),
            fmt::format("message 3 at offset {}: a header line that is none", kTwo.size()));
  EXPECT_EQ(error_of(one("From: a@a.example\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\npart\n\n")),
            "message 1 at offset 0: cut short");
  EXPECT_EQ(error_of(one("From: a@a.example\nContent-Type: multipart/mixed\n\nx\n\n")),
            "message 1 at offset 0: a multipart without boundary");
  EXPECT_EQ(error_of(one("From: a@a.example\n\n" + std::string(200, 'x') + "\n\n"), {.largest_message = 100}),
            "message 1 at offset 0: 221 bytes: at most 100");
  EXPECT_EQ(error_of(kTwo, {.most_messages = 1}), "more than 1 messages");
  EXPECT_EQ(error_of(""), "(read)");
}

TEST(Mailbox, PartsNestedWithoutEndAreRefused) {
  std::string deep = one("From: a@a.example\n");
  for (int i = 0; i < 20'000; ++i) deep += fmt::format("Content-Type: multipart/mixed; boundary=b{}\n\n--b{}\n", i, i);
  deep += "\n\n";
  EXPECT_EQ(error_of(deep), "message 1 at offset 0: parts nested too deep");
}

TEST(Mailbox, SurvivesAnyDamage) {
  const std::string good(kTwo);
  std::size_t whole = 0;
  for (std::size_t n = 1; n < good.size(); ++n) whole += read_mbox(as_bytes(good.substr(0, n))).has_value();
  EXPECT_LE(whole, 8U);  // only where an empty line happens to stand at the cut
  std::mt19937 random(13);
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    for (int i = 0; i < 2; ++i) bad[random() % bad.size()] = static_cast<char>(random());
    const auto read = read_mbox(as_bytes(bad));
    if (read) continue;
    EXPECT_TRUE(read.error().message.starts_with("message ")) << read.error().message << ", round " << round;
  }
}

TEST(Mailbox, AMessageBecomesARecord) {
  const auto record = to_record(read_mbox(as_bytes(kTwo)).value()[1], "INBOX");
  EXPECT_EQ(record.origin, "INBOX#000002");
  EXPECT_EQ(record.kind, "message");
  EXPECT_EQ(record.id, identify(record));
  EXPECT_TRUE(
      record.text.starts_with("From: Bo <bo@b.example>\nTo: Ann Aye <ann@a.example>\nSubject: Re: tea\n\nFine!"));
}

TEST(SyntheticMailbox, IsPlausibleMailAndSaysWhatItIs) {
  const std::string mbox = make_synthetic_mailbox({.seed = 7, .messages = 400});
  const auto messages = read_mbox(as_bytes(mbox)).value();
  ASSERT_EQ(messages.size(), 400U);
  const auto pairs = exchanges(messages);
  EXPECT_GT(pairs.size(), 200U);
  std::size_t by_owner = 0;
  for (const auto& message : messages) {
    by_owner += message.from.find(synthetic_owner()) != std::string::npos;
    EXPECT_GT(message.body.size(), 60U);
    EXPECT_EQ(message.body.find('{'), std::string::npos) << message.body;
    EXPECT_NE(message.from.find(".example>"), std::string::npos);
  }
  EXPECT_GT(by_owner, 150U);
  for (const auto& pair : pairs) EXPECT_FALSE(own_words(*pair.reply).empty());
  std::size_t said = 0;
  for (std::size_t at = mbox.find("\nX-Synthetic: "); at != mbox.npos; at = mbox.find("\nX-Synthetic: ", at + 1))
    ++said;
  EXPECT_EQ(said, 400U);
}

TEST(SyntheticMailbox, TheSeedDecidesEveryByte) {
  EXPECT_EQ(make_synthetic_mailbox({.seed = 7, .messages = 50}), make_synthetic_mailbox({.seed = 7, .messages = 50}));
  EXPECT_NE(make_synthetic_mailbox({.seed = 7, .messages = 50}), make_synthetic_mailbox({.seed = 8, .messages = 50}));
}

}  // namespace
}  // namespace cairn::data
