#include "serve/utf8_stream.h"

#include <gtest/gtest.h>

#include <random>

#include "text/unicode.h"

namespace cairn::serve {
namespace {

TEST(Utf8Stream, HoldsBackACharacterCutInTheMiddle) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("a\xC3"), "a");
  EXPECT_EQ(stream.push("\xA9"), "\xC3\xA9");
  EXPECT_EQ(stream.push("\xF0\x9F"), "");
  EXPECT_EQ(stream.push("\x98"), "");
  EXPECT_EQ(stream.push("\x80!"), "\xF0\x9F\x98\x80!");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Utf8Stream, ReplacesWhatCanNeverBecomeWhole) {
  EXPECT_EQ(to_utf8("a\x80z"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(to_utf8("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // an overlong NUL
  EXPECT_EQ(to_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(to_utf8("x\xE2\x82"), "x\xEF\xBF\xBD");
  Utf8Stream stream;
  EXPECT_EQ(stream.push("\xED\xA0"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "no need to wait: it is wrong already";
  EXPECT_EQ(stream.push("\xE2("), "\xEF\xBF\xBD(");
}

TEST(Utf8Stream, HowTextIsCutChangesNothing) {
  constexpr unsigned kSeed = 3;
  std::mt19937 random(kSeed);
  const std::string_view pieces[] = {"a",    "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                     "\x80", "\xF4\x90", "\xE0\x80",     "\xF0"};
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (auto n = random() % 12; n > 0; --n) bytes += pieces[random() % std::size(pieces)];
    Utf8Stream stream;
    std::string out;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t n = 1 + random() % 3;
      out += stream.push(std::string_view(bytes).substr(at, n));
      ASSERT_FALSE(text::first_bad_utf8(out)) << "seed " << kSeed << " round " << round;
      at += n;
    }
    out += stream.finish();
    EXPECT_EQ(out, to_utf8(bytes)) << "seed " << kSeed << " round " << round;
  }
}

}  // namespace
}  // namespace cairn::serve
