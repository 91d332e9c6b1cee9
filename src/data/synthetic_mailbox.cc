#include "data/synthetic_mailbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/env.h"
#include "data/synthetic_topics.h"

namespace cairn::data {
namespace {

constexpr std::string_view kOwnerName = "Imke Sandvoss";
constexpr std::string_view kOwnerAddress = "imke.sandvoss@heronlake.example";

struct Person {
  std::string_view name, address;
};
constexpr Person kPeople[] = {
    {"Tadeo Quillfeather", "tadeo@quillfeather.example"},  {"Runa Aldersey", "runa.aldersey@millbridge.example"},
    {"Osric Penhallow", "o.penhallow@northwharf.example"}, {"Belisa Thornquist", "belisa@thornquist.example"},
    {"Corwen Maplethorpe", "corwen@allotments.example"},   {"Yevra Lindqvale", "yevra@choir.example"},
    {"Anselm Brightwater", "anselm@library.example"},      {"Maribel Oxenstone", "m.oxenstone@school.example"},
    {"Jorun Hask", "workshop@hask-bicycles.example"},      {"Fenna Wildgrube", "fenna@wildgrube.example"},
    {"Pell Sorrowby", "pell.sorrowby@council.example"},    {"Idony Ravelstoke", "idony@ravelstoke.example"},
};

using Words = std::span<const std::string_view>;
constexpr std::string_view kDays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::string_view kTimes[] = {
    "eight", "half past nine", "ten", "a quarter to eleven", "noon", "two", "half past three", "five", "six", "seven"};
constexpr std::string_view kPlaces[] = {"the reading room", "the old mill", "the parish hall",     "the small office",
                                        "the harbour cafe", "room 204",     "the community house", "the library",
                                        "the boathouse",    "Millbridge"};
constexpr std::string_view kThings[] = {"the summer fair",     "the river clean-up", "the new website",
                                        "the photo archive",   "the bridge repair",  "medieval gardens",
                                        "the youth orchestra", "the lighthouse",     "the heating contract",
                                        "migrating birds",     "the budget",         "the annual report"};
constexpr std::string_view kGreetings[] = {"Dear {},", "Hello {},", "Good morning {},", "Hi {},"};
constexpr std::string_view kClosings[] = {"Best wishes,", "Kind regards,", "Many greetings,", "All the best,",
                                          "Yours,"};

// SplitMix64 (Steele, Lea, Flood 2014).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  template <class List>
  const auto& of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return z ^ z >> 31;
  }
  std::uint64_t state_;
};

std::string_view first_name(std::string_view name) {
  return name.substr(0, name.find(' '));
}

using Slots = std::map<std::string, std::string, std::less<>>;

Slots draw_slots(Dice& dice, const Person& writer) {
  const std::size_t day = dice.below(std::size(kDays));
  const Person* other = &dice.of(kPeople);
  while (other == &writer) other = &dice.of(kPeople);
  return {{"name", std::string(first_name(writer.name))},
          {"owner", std::string(first_name(kOwnerName))},
          {"day", std::string(kDays[day])},
          {"day2", std::string(kDays[(day + 1 + dice.below(5)) % std::size(kDays)])},
          {"time", std::string(dice.of(kTimes))},
          {"place", std::string(dice.of(kPlaces))},
          {"thing", std::string(dice.of(kThings))},
          {"number", std::to_string(2 + dice.below(48))},
          {"amount", std::to_string(10 + dice.below(290))},
          {"person", std::string(first_name(other->name))}};
}

std::string filled(std::string_view pattern, const Slots& slots) {
  std::string out;
  while (!pattern.empty()) {
    const auto open = pattern.find('{');
    out += pattern.substr(0, open);
    if (open == pattern.npos) break;
    const auto close = pattern.find('}', open);
    out += slots.find(pattern.substr(open + 1, close - open - 1))->second;
    pattern.remove_prefix(close + 1);
  }
  return out;
}

std::string with_capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

// Breaks at blanks so that no line is longer than mail likes.
std::string wrapped(std::string_view text, std::string_view front) {
  constexpr std::size_t kWidth = 76;
  std::string out, line(front);
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (line.size() > front.size() && line.size() + 1 + end > kWidth)
      out += std::exchange(line, std::string(front)) + '\n';
    if (line.size() > front.size()) line += ' ';
    line += text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + line + '\n';
}

std::string date_of(std::chrono::sys_seconds time, bool from_line) {
  static constexpr std::array<const char*, 7> kWeek = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kYear = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const auto* week = kWeek[std::chrono::weekday(day).c_encoding()];
  const auto* month = kYear[static_cast<unsigned>(date.month()) - 1];
  const auto d = static_cast<unsigned>(date.day());
  const auto hms =
      fmt::format("{:02}:{:02}:{:02}", clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  const int year = static_cast<int>(date.year());
  return from_line ? fmt::format("{} {} {:2} {} {}", week, month, d, hms, year)
                   : fmt::format("{}, {} {} {} {} +0000", week, d, month, year, hms);
}

struct Draft {
  const Person *from = nullptr, *to = nullptr;
  std::string subject, words;
  std::size_t answers = 0;  // the number of the message it answers; 0: none
};
constexpr Person kOwner{kOwnerName, kOwnerAddress};

class Mailbox {
 public:
  explicit Mailbox(const SyntheticMailboxSettings& settings) : settings_(settings), dice_(settings.seed) {}

  std::string make() {
    while (written_.size() < settings_.messages) thread();
    return std::move(out_);
  }

 private:
  // Somebody asks, the owner answers, and now and then there is a word of thanks.
  void thread() {
    const Topic& topic = dice_.of(synthetic_topics());
    const Person& who = dice_.of(kPeople);
    const Slots slots = draw_slots(dice_, who);
    const std::size_t way = dice_.below(topic.asks.size());
    const std::string subject = filled(topic.subject, slots);
    write({&who, &kOwner, subject, filled(topic.asks[way], slots), 0});
    if (full()) return;
    write({&kOwner, &who, "Re: " + subject, filled(topic.answers[way], slots), written_.size()});
    if (full() || dice_.below(3) != 0) return;
    write({&who, &kOwner, "Re: " + subject, filled(topic.thanks, slots), written_.size()});
  }

  bool full() const { return written_.size() >= settings_.messages; }
  std::string id_of(std::size_t number) const { return fmt::format("{}.{}@synthetic.example", number, settings_.seed); }

  void write(const Draft& draft) {
    now_ += std::chrono::minutes(7 + dice_.below(600));
    const std::size_t number = written_.size() + 1;
    const std::string greeting = fmt::format(fmt::runtime(dice_.of(kGreetings)), first_name(draft.to->name));
    out_ += fmt::format("From {} {}\n", draft.from->address, date_of(now_, true));
    out_ += fmt::format("From: {} <{}>\nTo: {} <{}>\nSubject: {}\nDate: {}\nMessage-ID: <{}>\n", draft.from->name,
                        draft.from->address, draft.to->name, draft.to->address, draft.subject, date_of(now_, false),
                        id_of(number));
    if (draft.answers > 0) out_ += fmt::format("In-Reply-To: <{}>\n", id_of(draft.answers));
    out_ += fmt::format("X-Synthetic: made by Cairn from templates, seed {}; nobody wrote this\n", settings_.seed);
    out_ += "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n";
    const std::string words = with_capital(draft.words);
    out_ += fmt::format("{}\n\n{}\n{}\n{}\n", greeting, wrapped(words, ""), dice_.of(kClosings),
                        first_name(draft.from->name));
    if (draft.answers > 0) {
      out_ += fmt::format("\n{} wrote:\n{}", draft.to->name, wrapped(written_[draft.answers - 1], "> "));
    }
    out_ += '\n';
    written_.push_back(words);
  }

  const SyntheticMailboxSettings& settings_;
  Dice dice_;
  std::string out_;
  std::vector<std::string> written_;  // the words of each message
  std::chrono::sys_seconds now_ = std::chrono::sys_days(std::chrono::year(2026) / 1 / 5) + std::chrono::hours(8);
};

}  // namespace

std::string make_synthetic_mailbox(const SyntheticMailboxSettings& settings) {
  return Mailbox(settings).make();
}

std::string_view synthetic_owner() {
  return kOwnerAddress;
}

}  // namespace cairn::data
