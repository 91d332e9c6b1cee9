#include "learning/journal.h"

#include "base/files.h"

namespace cairn::learning {

Result<Journal> Journal::open(const std::filesystem::path& path, std::uint32_t done, const Json& first) {
  Journal out;
  out.path_ = path;
  if (done > 0) {
    CAIRN_ASSIGN(const std::string text, read_text(path));
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = std::string_view(text).substr(at, end - at);
      at = end + 1;
      auto json = parse_json(line);
      if (!json) return fail(std::move(json).error().within(path.string()));
      CAIRN_ASSIGN(const std::uint32_t step, get_u32(*json, "step"));
      if (step > done) break;
      out.note(*json);
      out.text_ += std::string(line) + "\n";
    }
    return out;
  }
  CAIRN_TRY(out.add(first));
  return out;
}

// Whole each time: some hundred lines at most, and never half a one.
Status Journal::add(const Json& line) {
  note(line);
  text_ += canonical(line) + "\n";
  return write_file(path_, text_);
}

void Journal::note(const Json& line) {
  const auto loss = line.find("validation");
  if (loss == line.end() || !loss->is_number()) return;
  if (!best_ || loss->get<double>() < best_->loss) best_ = Best{*loss, line.at("step").get<std::uint32_t>()};
  seconds_ = line.value("seconds", seconds_);
}

}  // namespace cairn::learning
