#include "text/html.h"

#include <gtest/gtest.h>

namespace cairn::text {
namespace {

TEST(Html, TextCannotBecomeMarkup) {
  EXPECT_EQ(escape_html("<script>\"a\" & 'b'"), "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;");
  EXPECT_EQ(escape_html("r\xC3\xA9sum\xC3\xA9 \xF0\x9F\x8F\x94\n"), "r\xC3\xA9sum\xC3\xA9 \xF0\x9F\x8F\x94\n");
}

TEST(Html, WhatIsNoTextIsReplaced) {
  EXPECT_EQ(escape_html("\xC3"), "\xEF\xBF\xBD");
  EXPECT_EQ(escape_html("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(escape_html("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(escape_html(std::string_view("a\0b\x7F", 4)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
}

}  // namespace
}  // namespace cairn::text
