#include "infer/text_stream.h"

#include <gtest/gtest.h>

#include <vector>

namespace cairn::infer {
namespace {

struct Pieces {
  std::vector<std::string> seen;
  std::function<bool(std::string_view)> sink = [this](std::string_view piece) {
    seen.emplace_back(piece);
    return true;
  };
};

TEST(TextStream, HoldsBackWhatMayBecomeAStop) {
  const std::vector<std::string> stops = {"END", "\n\n"};
  Pieces pieces;
  TextStream text(stops, pieces.sink);
  for (const char* piece : {"aE", "N", "x", "\n", "bEN", "D", "never"}) text.append(piece);
  EXPECT_TRUE(text.stopped());
  EXPECT_EQ(text.finish(), "aENx\nb");
  EXPECT_EQ(pieces.seen, (std::vector<std::string>{"a", "ENx", "\nb"}));
}

TEST(TextStream, TheEarliestOfSeveralStopsEndsTheText) {
  const std::vector<std::string> stops = {"later", "soon"};
  Pieces pieces;
  TextStream text(stops, pieces.sink);
  text.append("as soon as later");
  EXPECT_EQ(text.finish(), "as ");
}

TEST(TextStream, HandsOnWholeCharacters) {
  Pieces pieces;
  TextStream text({}, pieces.sink);
  const std::string euro = "\xE2\x82\xAC", smile = "\xF0\x9F\x98\x80";
  for (const char byte : "n" + euro + smile) text.append({&byte, 1});
  EXPECT_EQ(pieces.seen, (std::vector<std::string>{"n", euro, smile}));
  text.append("\xE2\x82");  // never completed
  EXPECT_EQ(text.finish(), "n" + euro + smile + "\xE2\x82");
  EXPECT_EQ(pieces.seen.back(), "\xE2\x82");
}

TEST(TextStream, AnUnfinishedStopIsTextAtTheEnd) {
  const std::vector<std::string> stops = {"STOP"};
  Pieces pieces;
  TextStream text(stops, pieces.sink);
  text.append("go STO");
  EXPECT_EQ(text.finish(), "go STO");
  EXPECT_EQ(pieces.seen, (std::vector<std::string>{"go ", "STO"}));
}

}  // namespace
}  // namespace cairn::infer
