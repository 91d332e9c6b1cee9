#include "data/document_text.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "text/unicode.h"

namespace cairn::data {
namespace {

Bytes gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(deflateBound(&stream, text.size()) + 32);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Gunzip, UnpacksAllMembersUpToItsLimit) {
  Bytes two = gzip("one ");
  const Bytes second = gzip("two");
  two.insert(two.end(), second.begin(), second.end());
  EXPECT_EQ(gunzip(two, 100).value(), "one two");
  EXPECT_EQ(gunzip(gzip(std::string(1 << 20, 'x')), 1000).error().message, "more than 1000 bytes after gunzip");
}

TEST(Gunzip, AnyTruncationIsAnErrorAndNoDamageGoesUnseen) {
  const std::string text = "some text that is packed, some text that is packed";
  Bytes packed = gzip(text);
  for (std::size_t n = 0; n < packed.size(); ++n) {
    const auto out = gunzip(ByteView(packed).first(n), 1000);
    ASSERT_FALSE(out.has_value()) << n;
    EXPECT_TRUE(out.error().message.starts_with("not gzip, or damaged: ")) << out.error().message;
  }
  for (std::size_t bit = 0; bit < packed.size() * 8; ++bit) {
    packed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const auto out = gunzip(packed, 1000);
    EXPECT_TRUE(!out || *out == text) << "bit " << bit;
    packed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
}

TEST(DecodeText, TakesUtf8ThenLatin1AndNoBinaries) {
  EXPECT_EQ(decode_text("caf\xC3\xA9").value(), "caf\u00E9");
  EXPECT_EQ(decode_text("caf\xE9").value(), "caf\u00E9");
  EXPECT_EQ(decode_text("\xEF\xBB\xBFx").value(), "x");
  EXPECT_EQ(decode_text(std::string_view("a\0b", 3)).error().message, "binary");
  EXPECT_EQ(decode_text("\x01\x02\x03\x04").error().message, "binary");
}

TEST(Html, BecomesLinesOfText) {
  EXPECT_EQ(text_of_html("<html><head><title>no</title><style>x</style></head><body><nav>no</nav><h1>Title</h1>"
                         "<p>One  &amp;\n two <b>bold</b>.<script>no()</script></p><ul><li>a</li><li>b</li></ul>"
                         "<pre>  kept\n    as is</pre><table><tr><td>1</td><td>2</td></tr></table></body></html>")
                .value(),
            "Title\n\nOne & two bold.\n\n- a\n- b\n\n  kept\n    as is\n\n1 2\n");
  EXPECT_EQ(text_of_html("caf\u00E9 &eacute;").value(), "caf\u00E9 \u00E9\n");
  EXPECT_EQ(
      text_of_html("<div role=navigation>no</div><h1>A<a class=headerlink href=x>no</a></h1><p role=note>yes").value(),
      "A\n\nyes\n");
  EXPECT_EQ(text_of_html("").error().message, "no HTML document in it");
}

TEST(Html, SurvivesDepthAndDamage) {
  std::string deep;
  for (int i = 0; i < 50'000; ++i) deep += "<div><pre>";
  deep += "x";
  EXPECT_TRUE(text_of_html(deep).has_value());
  std::mt19937 random(17);
  const std::string good =
      "<html><body><h1>Title</h1><p>text &amp; <b>more</b> <pre>x</pre><ul><li>a</ul></body></html>";
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good.substr(0, 1 + random() % good.size());
    for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<char>(random());
    const auto decoded = decode_text(bad);
    if (!decoded) continue;
    const auto text = text_of_html(*decoded);
    if (!text) continue;
    EXPECT_FALSE(text::first_bad_utf8(*text).has_value()) << "round " << round;
  }
}

TEST(Manual, ReadsManMacros) {
  EXPECT_EQ(text_of_manual(R"(.\" a comment
.TH LS 1 "September 2022" "GNU coreutils" "User Commands"
.ie \n(.g .ds Aq \(aq
.el       .ds Aq '
.de XX
.B hidden
..
.SH NAME
ls \- list \fBdirectory\fR contents
.SH "SEE ALSO"
Line one,
line two \(em \(lqquoted\(rq.
.PP
.TP
\fB\-a\fR, \fB\-\-all\fR
do not
ignore
.IP \(bu 2
a point
.nf
  code   here
.fi
.BR ls (1),
.I a file
.TS
l l.
A	B
.TE
)"),
            "NAME\nls - list directory contents\n\nSEE ALSO\nLine one, line two \u2014 \u201Cquoted\u201D.\n\n-a, "
            "--all\ndo not ignore\n\n"
            "\u2022\na point\n\n  code   here\n\nls(1), a file\n\nA B\n\n");
}

TEST(Manual, ReadsMdocMacros) {
  EXPECT_EQ(text_of_manual(R"(.Dd January 19, 2003
.Dt DASH 1
.Sh NAME
.Nm dash
.Nd command interpreter
.Sh SYNOPSIS
.Nm
.Op Fl a Ns Ar x
.Op Ar file ...
.Sh SEE ALSO
.Xr ksh 1 ,
.Dq a quote .
.Bl -tag
.It Fl v
be loud
.El
)"),
            "NAME\ndash - command interpreter\n\nSYNOPSIS\ndash [-ax] [file ...]\n\nSEE ALSO\nksh(1), \"a "
            "quote.\"\n\n-v\nbe loud\n\n");
}

TEST(Manual, SkipsConditionalBlocks) {
  EXPECT_EQ(text_of_manual(".SH A\n.if n \\{\\\n.B hidden\n.\\}\nshown\n.if t .B hidden\nalso shown\n"),
            "A\nshown also shown\n\n");
}

TEST(Manual, KnowsAnAlias) {
  EXPECT_TRUE(is_manual_alias(".\\\" comment\n.so man1/ls.1\n"));
  EXPECT_TRUE(is_manual_alias(""));
  EXPECT_FALSE(is_manual_alias(".TH X 1\n.so man1/ls.1\n"));
}

TEST(Manual, SurvivesAnyBytes) {
  std::mt19937 random(19);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes(random() % 80, '\0');
    for (char& c : bytes) c = ".\\'\"[](){}fs*nhBITPSH \n\t-u1"[random() % 28];
    (void)text_of_manual(bytes);
    (void)is_manual_alias(bytes);
  }
  EXPECT_EQ(text_of_manual("a\\"), "a\n\n");
  EXPECT_EQ(text_of_manual("\\(b"), "");
}

}  // namespace
}  // namespace cairn::data
