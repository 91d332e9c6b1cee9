// Reads a mailbox (mbox, RFC 4155) through GMime: messages with their headers as UTF-8 and their plain text.
//
// Not an archive tool: attachments are counted and dropped, HTML-only bodies are turned to text. The bytes are hostile:
// what does not hold is an error with the message's number and offset, never half a mailbox taken for a whole one.
// Pure; any thread (GMime is set up once).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/env.h"
#include "base/result.h"
#include "data/record.h"

namespace cairn::data {

struct Message {
  std::size_t number = 0;  // from 1
  std::size_t offset = 0;  // of its "From " line, in bytes
  std::string message_id;  // without angle brackets; may be empty
  std::string in_reply_to;
  std::string from, to, subject;
  std::optional<TimePoint> date;
  std::string body;             // UTF-8, line ends "\n", quoted text as it stands
  std::size_t attachments = 0;  // parts that were dropped
};

struct MailboxSettings {
  std::size_t largest_message = std::size_t{16} << 20;  // bytes
  std::size_t most_messages = 1'000'000;
  std::size_t deepest_part = 16;  // nested multiparts
};

// malformed, as "message N at offset M: ...": no "From " line in front, no empty line at the end (RFC 4155: so a
// mailbox cut short is noticed), a message without From:, a header line that is none, a multipart without boundary,
// without parts or never closed, parts nested deeper than `deepest_part`. invalid: over another limit of `settings`.
// Text in an unknown character set is read as ISO 8859-1.
Result<std::vector<Message>> read_mbox(ByteView mbox, const MailboxSettings& settings = {});

// A message and the answer to it, in the order of the answers. Both point into `messages`.
struct Exchange {
  const Message* message = nullptr;
  const Message* reply = nullptr;
};
std::vector<Exchange> exchanges(std::span<const Message> messages);

// The body without the quoted lines of the message it answers and without the "X wrote:" line before them.
std::string own_words(const Message& message);

// "From: ...\nTo: ...\nSubject: ...\n\nBODY" as a record of kind "message"; origin "MAILBOX#NUMBER", source MAILBOX.
Record to_record(const Message& message, const std::string& mailbox);

}  // namespace cairn::data
