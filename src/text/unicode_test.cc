#include "text/unicode.h"

#include <gtest/gtest.h>
#include <unicode/ustring.h>

#include <array>
#include <random>

namespace cairn::text {
namespace {

TEST(Utf8, TakesWhatUnicodeAllowsAndNothingElse) {
  for (const char* good : {"", "plain", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_FALSE(first_bad_utf8(good).has_value()) << good;
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2\x82", "\xF0\x9F\x98"})
    EXPECT_EQ(first_bad_utf8(bad), 0U) << bad;
  EXPECT_EQ(check_utf8("twelve bytes\xFF").error().message, "not UTF-8: byte 0xff at offset 12");
}

TEST(Utf8, AgreesWithIcuOnRandomBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(1 + random() % 6, '\0');
    for (char& c : bytes) c = static_cast<char>(0x70 + random() % 0x90);
    UErrorCode code = U_ZERO_ERROR;
    std::array<UChar, 16> out{};
    u_strFromUTF8(out.data(), 16, nullptr, bytes.data(), static_cast<int32_t>(bytes.size()), &code);
    const bool icu_takes = U_SUCCESS(code);
    EXPECT_EQ(!first_bad_utf8(bytes).has_value(), icu_takes) << "round " << round;
  }
}

TEST(Nfc, ComposesAndLeavesTheRestAlone) {
  EXPECT_EQ(nfc("cafe\xCC\x81").value(), "caf\xC3\xA9");
  EXPECT_EQ(nfc("caf\xC3\xA9").value(), "caf\xC3\xA9");
  EXPECT_EQ(nfc("plain").value(), "plain");
  EXPECT_EQ(nfc("\xE1\x84\x80\xE1\x85\xA1").value(), "\xEA\xB0\x80");  // Hangul
  EXPECT_EQ(nfc("x\xFF").error().message, "not UTF-8: byte 0xff at offset 1");
}

TEST(Latin1, EveryByteBecomesItsCodePoint) {
  EXPECT_EQ(from_latin1("na\xEFve \xA9"), "na\xC3\xAFve \xC2\xA9");
  std::string all;
  for (int b = 0; b < 256; ++b) all.push_back(static_cast<char>(b));
  EXPECT_FALSE(first_bad_utf8(from_latin1(all)).has_value());
}

}  // namespace
}  // namespace cairn::text
