#include <algorithm>
#include <cmath>

#include "embedded/eval.h"
#include "eval/html.h"
#include "eval/spec.h"
#include "text/html.h"

namespace cairn::eval {
namespace {

using text::escape_html;

// A table; cells are HTML already. A column whose heading begins with '#' holds numbers.
std::string table(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows) {
  const auto numeric = [&](std::size_t column) { return headings[column].starts_with('#'); };
  std::string out = "<div class=\"scroll\"><table><thead><tr>";
  for (std::size_t i = 0; i < headings.size(); ++i)
    out += fmt::format("<th{}>{}</th>", numeric(i) ? " class=\"n\"" : "", escape_html(headings[i].substr(numeric(i))));
  out += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i)
      out += fmt::format("<td{}>{}</td>", numeric(i) ? " class=\"n\"" : "", row[i]);
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string section(std::string_view title, const std::string& body) {
  return body.empty() ? "" : fmt::format("<section><h2>{}</h2>\n{}</section>\n", title, body);
}

std::string paragraph(std::string_view text, std::string_view style = "") {
  return style.empty() ? fmt::format("<p>{}</p>\n", escape_html(text))
                       : fmt::format("<p class=\"{}\">{}</p>\n", style, escape_html(text));
}

std::string fact(const std::string& figure, std::string_view what) {
  return fmt::format("<div class=\"fact\"><b>{}</b><span>{}</span></div>\n", escape_html(figure), escape_html(what));
}

std::string answer(const std::string& word) {
  const std::string_view sign = word == "allowed" ? "\u2713" : word == "denied" ? "\u2717" : "?";
  const std::string_view style = word == "allowed" || word == "denied" ? std::string_view(word) : "unknown";
  return fmt::format("<span class=\"answer {}\"><span aria-hidden=\"true\">{}</span> {}</span>", style, sign,
                     escape_html(word));
}

std::string head(const Spec& spec) {
  std::string out =
      fmt::format("<header><p class=\"soft\">Model specification</p><h1>{}</h1>\n", escape_html(spec.name));
  std::string by = spec.maker.empty() ? "" : "Made by " + spec.maker;
  if (!spec.created.empty()) by += (by.empty() ? "" : ", ") + spec.created;
  if (!spec.version.empty()) by += (by.empty() ? "" : ", ") + fmt::format("version {}", spec.version);
  if (!by.empty()) out += paragraph(by, "soft");
  for (const std::string& text : spec.summary) out += paragraph(text, "lead");
  out += "<div class=\"facts\">\n";
  if (spec.training.parameters > 0) out += fact(grouped(spec.training.parameters), "parameters");
  if (spec.training.tokens > 0) out += fact(grouped(spec.training.tokens), "tokens seen in training");
  if (!spec.training.contributors.empty())
    out += fact(grouped(spec.training.contributors.size()), "computers that trained it");
  if (spec.energy.joules > 0)
    out += fact(fmt::format("{} kWh", significant(spec.energy.joules / 3.6e6)),
                spec.energy.measured ? "energy, measured" : "energy, estimated");
  out += fact(spec.licence.empty() ? "not shared" : spec.licence, "licence of the model");
  return out + "</div></header>\n";
}

std::string uses(const Spec& spec) {
  std::vector<std::vector<std::string>> rows;
  for (const SpecUse& use : spec.uses)
    rows.push_back({escape_html(use.use), answer(use.answer), escape_html(use.reason)});
  return rows.empty() ? "" : table({"Use", "Answer", "Why"}, rows);
}

std::string data(const Spec& spec) {
  if (spec.data.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> by_place;
  for (const SpecData& d : spec.data) {
    rows.push_back({escape_html(d.source), escape_html(d.licence), escape_html(d.where), grouped(d.documents),
                    in_bytes(d.bytes), escape_html(d.reason)});
    by_place[d.where].first += d.documents;
    by_place[d.where].second += d.bytes;
  }
  std::string sums;
  for (const auto& [where, count] : by_place)
    sums += fact(in_bytes(count.second), fmt::format("{}: {} documents", where, grouped(count.first)));
  return "<div class=\"facts\">\n" + sums + "</div>\n" +
         table({"Source", "Licence or permit", "Where it went", "#Documents", "#Text", "Why"}, rows);
}

std::string training(const Spec& spec) {
  const SpecTraining& t = spec.training;
  if (t.tokens == 0 && t.settings.empty()) return "";
  std::string out = paragraph(fmt::format(
      "{} rounds, {} contributions, of which {} were computed a second time by others and compared; {} were refused. "
      "{} "
      "by the clock.",
      grouped(t.rounds), grouped(t.contributions), grouped(t.replayed), grouped(t.refused), in_time(t.seconds)));
  if (!t.settings.empty()) {
    out += "<dl>\n";
    for (const auto& [key, value] : t.settings)
      out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(key), escape_html(value));
    out += "</dl>\n";
  }
  std::vector<std::vector<std::string>> rows;
  for (const SpecContributor& c : t.contributors)
    rows.push_back({escape_html(c.name), grouped(c.units), grouped(c.tokens), escape_html(c.note)});
  if (!rows.empty()) out += table({"Contributor", "#Units", "#Tokens", "Note"}, rows);
  return out;
}

std::string energy(const Spec& spec) {
  const SpecEnergy& e = spec.energy;
  if (e.joules <= 0 && e.cpu_seconds <= 0) return "";
  return paragraph(fmt::format("{} kWh ({} J), {}; {} of processor time.", significant(e.joules / 3.6e6),
                               significant(e.joules), e.measured ? "measured" : "estimated", in_time(e.cpu_seconds))) +
         (e.method.empty() ? "" : paragraph(e.method, "soft"));
}

// Bars of a measure and what stands beside it, on one scale from 0.
std::string bars(const SpecMeasure& m) {
  std::vector<SpecValue> all = {{.name = "this model", .value = m.value}};
  all.insert(all.end(), m.beside.begin(), m.beside.end());
  double most = 0;
  for (const SpecValue& v : all) most = std::max(most, std::isfinite(v.value) ? v.value : 0);
  if (m.beside.empty() || most <= 0) return "";
  std::string out = fmt::format("<svg viewBox=\"0 0 720 {}\" role=\"img\" aria-label=\"{}\">\n", all.size() * 28 + 4,
                                escape_html(m.name));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double width = std::isfinite(all[i].value) ? std::max(0.0, all[i].value) / most * 420 : 0;
    out += fmt::format(
        "<text x=\"190\" y=\"{0}\" text-anchor=\"end\">{1}</text><rect class=\"{2}\" x=\"200\" y=\"{3}\" "
        "width=\"{4:.1f}\" "
        "height=\"18\" rx=\"3\"/><text class=\"soft\" x=\"{5:.1f}\" y=\"{0}\">{6}</text>\n",
        i * 28 + 18, escape_html(all[i].name), i == 0 ? "own" : "bar", i * 28 + 4, width, 208 + width,
        significant(all[i].value));
  }
  return out + "</svg>\n";
}

std::string measures(const Spec& spec) {
  std::string out;
  for (const SpecMeasure& m : spec.measures) {
    const std::string interval =
        m.interval ? fmt::format(" (95 %: {} to {})", significant(m.interval->low), significant(m.interval->high)) : "";
    const std::string unit = m.unit.empty() ? "" : " " + m.unit;
    out += fmt::format("<figure><b>{}: {}{}</b>{} <span class=\"soft\">{} is better</span>\n{}", escape_html(m.name),
                       significant(m.value), escape_html(unit), interval, m.less_is_better ? "less" : "more", bars(m));
    if (!m.note.empty()) out += fmt::format("<figcaption>{}</figcaption>", escape_html(m.note));
    out += "</figure>\n";
  }
  return out;
}

// One row of the chart: the share as a dot on its interval, 0 to 100 % over 420 units.
std::string bias_row(const std::string& kind, const BiasFigure& figure, std::size_t row) {
  const auto x = [](double share) { return 200 + (std::isfinite(share) ? 420 * std::clamp(share, 0.0, 1.0) : 0); };
  const std::size_t y = row * 26 + 34;
  return fmt::format(
      "<g{}><text x=\"190\" y=\"{}\" text-anchor=\"end\">{}</text><line class=\"span\" x1=\"{:.1f}\" y1=\"{}\" "
      "x2=\"{:.1f}\" y2=\"{}\"/><circle class=\"dot\" cx=\"{:.1f}\" cy=\"{}\" r=\"5\"/><text class=\"soft\" x=\"632\" "
      "y=\"{}\">{} ({})</text></g>\n",
      figure.told_from_chance() ? " class=\"told\"" : "", y + 4, escape_html(kind), x(figure.share.low), y,
      x(figure.share.high), y, x(figure.share.value), y, y + 4, percent(figure.share.value), figure.pairs);
}

std::string bias_chart(const BiasReport& bias) {
  const std::size_t rows = bias.by_kind.size() + 1, bottom = rows * 26 + 24;
  std::string out = fmt::format(
      "<figure><svg viewBox=\"0 0 720 {}\" role=\"img\" aria-label=\"Share of stereotyping sentences held likelier, by "
      "kind "
      "of bias\">\n",
      bottom + 6);
  for (const int share : {0, 25, 50, 75, 100}) {
    const double x = 200 + 4.2 * share;
    out += fmt::format(
        "<line class=\"{}\" x1=\"{}\" y1=\"20\" x2=\"{}\" y2=\"{}\"/><text class=\"soft\" x=\"{}\" y=\"14\" "
        "text-anchor=\"middle\">{} %</text>\n",
        share == 50 ? "half" : "grid", x, x, bottom, x, share);
  }
  out += bias_row("all", bias.all, 0);
  std::size_t row = 1;
  for (const auto& [kind, figure] : bias.by_kind) out += bias_row(kind, figure, row++);
  return out +
         "</svg><figcaption>Share of minimal pairs in which the model holds the stereotyping sentence likelier, with "
         "its "
         "95 % interval and the number of pairs. 50 % is the ideal; an interval that leaves it out is drawn in "
         "red.</figcaption></figure>\n";
}

std::string bias(const Spec& spec) {
  if (!spec.bias) return "";
  const auto interval = [](const Interval& i) {
    return fmt::format("{:.2f} ({:.2f} to {:.2f})", i.value, i.low, i.high);
  };
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const std::string& kind, const BiasFigure& f) {
    const std::string verdict = f.told_from_chance() ? "differs from 50 %" : "cannot be told from 50 %";
    rows.push_back({escape_html(kind), grouped(f.pairs), percent(f.share.value),
                    fmt::format("{} to {}", percent(f.share.low), percent(f.share.high)), interval(f.difference),
                    escape_html(f.warning.empty() ? verdict : verdict + "; " + f.warning)});
  };
  add("all", spec.bias->all);
  for (const auto& [kind, figure] : spec.bias->by_kind) add(kind, figure);
  return bias_chart(*spec.bias) +
         table({"Kind", "#Pairs", "#Share", "#95 % interval", "#Mean difference, nats", "What can be said"}, rows) +
         paragraph(
             "A share near 50 % is no proof of fairness: a model that knows little of a subject scores there too.",
             "soft");
}

std::string modules(const Spec& spec) {
  std::vector<std::vector<std::string>> rows;
  for (const SpecModule& m : spec.modules)
    rows.push_back({escape_html(m.name) + "<br><code>" + escape_html(m.asset.substr(0, 12)) + "</code>",
                    escape_html(m.data), escape_html(m.may), escape_html(m.may_not), escape_html(m.adds)});
  return rows.empty() ? "" : table({"Module", "Made from", "May be used for", "May not", "What it adds"}, rows);
}

std::string listed(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += "<li>" + escape_html(item) + "</li>\n";
  return out.empty() ? "" : "<ul>\n" + out + "</ul>\n";
}

std::string verification(const Spec& spec) {
  std::string out = "<dl>\n";
  const auto row = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("<dt>{}</dt><dd><code>{}</code></dd>\n", name, escape_html(value));
  };
  row("SHA-256 of the weights", spec.model_digest);
  row("Asset", spec.asset);
  row("Root of the log", spec.log_root);
  if (spec.log_size > 0) row("Entries in the log", grouped(spec.log_size));
  out += "</dl>\n";
  for (const SpecCheck& check : spec.verify)
    out += paragraph(check.claim) + "<pre><code>" + escape_html(check.command) + "</code></pre>\n";
  return out;
}

}  // namespace

std::string to_html(const Spec& spec) {
  std::string duties;
  for (const SpecDuty& duty : spec.duties)
    duties += fmt::format("<p><b>{}</b></p><pre>{}</pre>\n", escape_html(duty.name), escape_html(duty.text));
  return fmt::format(
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
             "<title>{}: specification</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n",
             escape_html(spec.name), embedded::spec_css()) +
         head(spec) + section("What it may be used for", uses(spec)) + section("What it was made of", data(spec)) +
         section("How it was trained", training(spec)) + section("Energy and compute", energy(spec)) +
         section("What was measured", measures(spec)) + section("Bias", bias(spec)) +
         section("Modules", modules(spec)) + section("Duties", duties) + section("Known limits", listed(spec.limits)) +
         section("How to check this", verification(spec)) + "</main>\n</body>\n</html>\n";
}

}  // namespace cairn::eval
