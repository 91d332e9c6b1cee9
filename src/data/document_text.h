// From the bytes of a document to readable UTF-8 text. Bytes are hostile. Pure functions; any thread.
// Not a renderer: structure that does not read as text (tables' rules, scripts, style sheets, groff's requests) is
// dropped.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::data {

// malformed: not gzip, cut short, a wrong checksum. invalid: more than `at_most` bytes.
Result<std::string> gunzip(ByteView bytes, std::size_t at_most);

// UTF-8 as it is, else read as ISO 8859-1. malformed: binary (a NUL byte, or many control characters in the beginning).
Result<std::string> decode_text(std::string_view bytes);

// The text of an HTML page: headings, paragraphs and list items on lines of their own, <pre> kept, scripts, styles,
// navigation and forms dropped. malformed: libxml2 finds no document.
Result<std::string> text_of_html(std::string_view html);

// The text of a manual page's groff source (man and mdoc macros): sections, paragraphs, options; fonts and requests
// dropped.
std::string text_of_manual(std::string_view groff);

// A manual page that only sources another (".so man1/x.1").
bool is_manual_alias(std::string_view groff);

}  // namespace cairn::data
