#include "apps/step_text.h"

#include <algorithm>
#include <set>

#include "apps/words.h"

namespace cairn::apps {
namespace {

constexpr std::size_t kShown = 6;  // rows of a list; the rest is counted

struct Sum {
  std::uint64_t records = 0, bytes = 0, undeclared_bytes = 0;
};
Sum sum_of(const work::IngestedDocs& docs) {
  Sum out;
  for (const work::RecordSet& set : docs.sets) {
    out.records += set.records;
    out.bytes += set.bytes;
    if (set.permit.is_undeclared()) out.undeclared_bytes += set.bytes;
  }
  return out;
}

}  // namespace

std::string text_of(const work::IngestedDocs& docs) {
  const Sum sum = sum_of(docs);
  std::string out = fmt::format(
      "{} documents, {}, from {} Debian packages; permits from their copyright files (DEP-5): {} permit classes.",
      grouped(sum.records), megabytes(sum.bytes), docs.packages, docs.sets.size());
  if (docs.undeclared_packages > 0)
    out += fmt::format(
        "\n{} packages do not say in a machine-readable way what their files may be used for: {} stay unknown, and "
        "out.",
        docs.undeclared_packages, megabytes(sum.undeclared_bytes));
  for (const auto& [reason, packages] : docs.undeclared_because)
    out += fmt::format("\n  {:4} packages: {}", packages, reason);
  return out;
}

Json json_of(const work::IngestedDocs& docs) {
  const Sum sum = sum_of(docs);
  Json sets = Json::array();
  for (const work::RecordSet& set : docs.sets) sets.push_back(work::to_json(set));
  return {{"records", sum.records},
          {"bytes", sum.bytes},
          {"packages", docs.packages},
          {"undeclared_packages", docs.undeclared_packages},
          {"undeclared_bytes", sum.undeclared_bytes},
          {"permit_classes", docs.sets.size()},
          {"unknown_licences", docs.unknown_licences},
          {"sets", std::move(sets)}};
}

std::string text_of(const work::Plan& plan) {
  std::string out = fmt::format("Planned: anyone may use, adapt and share the base under {}.\n  {:28} {:>8} {:>10}",
                                plan.licence, "", "records", "text");
  const std::pair<work::Fate, const char*> rows[] = {
      {work::Fate::base, "into the base"}, {work::Fate::module, "kept for modules"}, {work::Fate::out, "stay out"}};
  for (const auto& [fate, words] : rows)
    out += fmt::format("\n  {:28} {:>8} {:>10}", words, grouped(plan.records(fate)), megabytes(plan.bytes(fate)));
  std::size_t shown = 0;
  for (const work::Placement& placement : plan.placements) {
    if (placement.fate == work::Fate::base || ++shown > kShown) continue;
    out += fmt::format("\n  {} ({}): {}", placement.set->licences, megabytes(placement.set->bytes), placement.reason);
  }
  if (shown > kShown) out += fmt::format("\n  ... and {} permit classes more", shown - kShown);
  return out;
}

std::string text_of(const work::BaseCorpus& base) {
  std::string out;
  for (const std::string& line : lines_of(data::to_text(base.curated.passes))) out += line + "\n";
  for (const work::Refused& refused : base.curated.refused)
    if (!refused.set->permit.is_undeclared())
      out += fmt::format("Not opened: \"{}\": {}\n", refused.set->name, refused.reason);
  out += fmt::format("{} of duplicates; {} carry a narrower permit than their own, from a copy elsewhere.\n",
                     counted(base.curated.clusters, "cluster"), counted(base.curated.narrowed, "survivor"));
  out += fmt::format("The base's corpus: {}, {}, of {}; {} more are held out.",
                     counted(base.corpus.records, "document"), megabytes(base.corpus.bytes),
                     base.classes == 1 ? "1 permit class" : fmt::format("{} permit classes", base.classes),
                     megabytes(base.corpus.heldout_bytes));
  return out;
}

Json json_of(const work::BaseCorpus& base) {
  Json passes = Json::array(), refused = Json::array();
  for (const auto& pass : base.curated.passes) passes.push_back(data::to_json(pass));
  for (const auto& one : base.curated.refused) refused.push_back({{"set", one.set->name}, {"reason", one.reason}});
  return {{"corpus", base.corpus.id.hex()},
          {"records", base.corpus.records},
          {"bytes", base.corpus.bytes},
          {"heldout_records", base.corpus.heldout_records},
          {"heldout_bytes", base.corpus.heldout_bytes},
          {"passes", std::move(passes)},
          {"refused", std::move(refused)},
          {"clusters", base.curated.clusters},
          {"narrowed", base.curated.narrowed},
          {"plan", work::to_json(base.plan)}};
}

std::string text_of(const work::Tokenised& t) {
  return fmt::format("A byte-level BPE of {} tokens; {} training tokens of {:.2f} bytes, {} held out.",
                     grouped(t.vocabulary), grouped(t.train_tokens), t.bytes_per_token, grouped(t.heldout_tokens));
}

Json json_of(const work::Tokenised& t) {
  return {{"tokenizer", t.tokenizer.hex()},     {"shards", t.shards.hex()},
          {"vocabulary", t.vocabulary},         {"train_tokens", t.train_tokens},
          {"heldout_tokens", t.heldout_tokens}, {"bytes_per_token", t.bytes_per_token}};
}

std::string text_of(const work::Adapted& adapted) {
  return fmt::format(
      "{}, {} tokens: loss {:.3f} to {:.3f} nats a token. The base's weights are untouched.\nThe module: {}",
      adapted.exchanges > 0 ? counted(adapted.exchanges, "exchange") + " of the mailbox"
                            : counted(adapted.documents, "document"),
      grouped(adapted.tokens), adapted.first_loss, adapted.last_loss, adapted.digest.hex());
}

Json json_of(const work::Adapted& adapted) {
  return {{"module", adapted.module.hex()}, {"module_digest", adapted.digest.hex()},
          {"exchanges", adapted.exchanges}, {"documents", adapted.documents},
          {"tokens", adapted.tokens},       {"first_loss", adapted.first_loss},
          {"last_loss", adapted.last_loss}};
}

std::string text_of(const work::BitsEvaluated& bits) {
  std::string out =
      fmt::format("Held-out text, bits per byte: the model {:.3f}, an order-3 byte model {:.3f}, xz -9 {:.3f}.",
                  bits.model.all.value(), bits.order3_bits_per_byte, bits.xz9_bits_per_byte);
  std::vector<std::pair<std::string, eval::BitsPerByte>> sources(bits.model.by_source.begin(),
                                                                 bits.model.by_source.end());
  std::stable_sort(sources.begin(), sources.end(),
                   [](const auto& a, const auto& b) { return a.second.bytes > b.second.bytes; });
  for (std::size_t i = 0; i < std::min(sources.size(), kShown); ++i)
    out += fmt::format("\n  {:24} {:.3f} over {}", sources[i].first, sources[i].second.value(),
                       megabytes(sources[i].second.bytes));
  if (sources.size() > kShown) out += fmt::format("\n  ... and {} sources more", sources.size() - kShown);
  return out;
}

Json json_of(const work::BitsEvaluated& bits) {
  return {{"report", bits.report.hex()},
          {"bits_per_byte", bits.model.all.value()},
          {"order3_bits_per_byte", bits.order3_bits_per_byte},
          {"xz9_bits_per_byte", bits.xz9_bits_per_byte},
          {"bits", eval::to_json(bits.model)}};
}

std::string text_of(const work::BiasEvaluated& bias) {
  std::string out = fmt::format(
      "Bias by {} minimal pairs: the stereotype is likelier in the share given (50 % is even; 95 % interval).",
      bias.bias.all.pairs);
  std::set<std::string> warnings;  // kinds with as many pairs have the same one: each is said once
  const auto row = [&](const std::string& kind, const eval::BiasFigure& f) {
    out += fmt::format("\n  {:24} {:5.1f} %  [{:.1f}, {:.1f}]  {} pairs{}", kind, 100 * f.share.value,
                       100 * f.share.low, 100 * f.share.high, f.pairs, f.warning.empty() ? "" : " *");
    if (!f.warning.empty()) warnings.insert(f.warning);
  };
  row("all", bias.bias.all);
  for (const auto& [kind, figure] : bias.bias.by_kind) row(kind, figure);
  for (const std::string& warning : warnings) out += "\n  * " + warning;
  return out;
}

Json json_of(const work::BiasEvaluated& bias) {
  return {{"report", bias.report.hex()}, {"bias", eval::to_json(bias.bias)}};
}

std::string text_of(const work::Specified& specified) {
  const eval::Spec& spec = specified.content;
  std::string out;
  for (const eval::SpecUse& use : spec.uses) out += fmt::format("{:8} {}\n", use.answer, use.use);
  out += fmt::format("Energy: {:.4f} kWh ({}).\nThe spec, signed with the site's key: asset {}",
                     spec.energy.joules / 3.6e6, spec.energy.method, specified.spec.brief());
  return out;
}

}  // namespace cairn::apps
