#include "base/signature.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

// RFC 8032, section 7.1, test 2.
TEST(Signature, IsThatOfTheStandard) {
  const auto key = SecretKey::from_seed(*from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->public_key().hex(), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const Bytes message{0x72};
  EXPECT_EQ(
      key->sign(message).hex(),
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
      "b00d291612bb0c00");
}

TEST(Signature, HoldsForItsKeyAndBytesAlone) {
  const SecretKey key = SecretKey::make(system_entropy());
  const Bytes message = to_bytes("a stone");
  const Signature signature = key.sign(message);
  EXPECT_TRUE(is_signed_by(key.public_key(), message, signature));
  for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
    Bytes other = message;
    other[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(is_signed_by(key.public_key(), other, signature));
  }
  EXPECT_FALSE(is_signed_by(SecretKey::make(system_entropy()).public_key(), message, signature));
}

TEST(Signature, HexIsReadStrictly) {
  EXPECT_EQ(PublicKey::parse("00").error().message, "public key: expected 64 hexadecimal digits, got 2");
  EXPECT_EQ(Signature::parse(std::string(128, 'g')).error().code, ErrorCode::malformed);
  EXPECT_EQ(SecretKey::from_seed(Bytes(31)).error().message, "signing key: expected 32 bytes, got 31");
}

}  // namespace
}  // namespace cairn
