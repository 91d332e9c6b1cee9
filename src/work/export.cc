#include "work/export.h"

#include "base/new_file.h"
#include "model/gguf_model.h"
#include "model/huggingface.h"
#include "text/huggingface_tokenizer.h"
#include "work/interchange_tokenizer.h"
#include "work/tokenise.h"
#include "work/train.h"

namespace cairn::work {
namespace {

struct Parts {
  model::Model model;
  std::optional<text::Tokenizer> tokenizer;
  std::string name, permit;
  std::vector<permit::Duty> duties;
};

Result<Parts> parts_of(guard::Guard& guard, const ExportRequest& request) {
  CAIRN_ASSIGN(const guard::Pass pass, guard.authorise(request.use, request.model));
  std::optional<text::Tokenizer> tokenizer;
  if (request.tokenizer) {
    CAIRN_ASSIGN(tokenizer, load_tokenizer(guard, request.use, *request.tokenizer));
  }
  CAIRN_ASSIGN(LoadedModel loaded, load_model(guard, request.use, request.model));
  if (tokenizer && tokenizer->vocabulary() > loaded.model.config().vocabulary) {
    return fail(ErrorCode::invalid, "the tokenizer has {} tokens, the model {}: they do not belong together",
                tokenizer->vocabulary(), loaded.model.config().vocabulary);
  }
  CAIRN_ASSIGN(const ledger::AssetSummary summary, guard.ledger().summary(request.model));
  CAIRN_ASSIGN(const permit::Permit permit, guard.permit_of(request.model));
  return Parts{.model = std::move(loaded.model),
               .tokenizer = std::move(tokenizer),
               .name = summary.name,
               .permit = canonical(permit::to_json(permit)),
               .duties = pass.duties()};
}

model::PlannedFile text_file(std::string name, std::string_view text) {
  return {.name = std::move(name), .head = to_bytes(text), .tensors = {}, .bytes = text.size()};
}

Result<std::vector<model::PlannedFile>> plan_folder(const Parts& parts, const ExportRequest& request) {
  model::HuggingFaceExtras extras{.type = request.type};
  if (parts.tokenizer) {
    extras.begin_token = parts.tokenizer->begin_of_text();
    extras.end_token = parts.tokenizer->end_of_text();
  }
  CAIRN_ASSIGN(auto files, model::plan_huggingface(parts.model.config(), extras,
                                                   request.shard_bytes > 0 ? request.shard_bytes : model::kShardBytes));
  if (parts.tokenizer) {
    CAIRN_ASSIGN(const std::string json, text::to_huggingface(*parts.tokenizer));
    files.push_back(text_file("tokenizer.json", json));
    const Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                         {"bos_token", parts.tokenizer->bytes_of(parts.tokenizer->begin_of_text())},
                         {"eos_token", parts.tokenizer->bytes_of(parts.tokenizer->end_of_text())},
                         {"clean_up_tokenization_spaces", false},
                         {"model_max_length", parts.model.config().context}};
    files.push_back(text_file("tokenizer_config.json", config.dump(2) + "\n"));
  }
  files.push_back(text_file("cairn.permit.json", parts.permit + "\n"));
  return files;
}

Result<std::vector<model::PlannedFile>> plan_file(const Parts& parts, const ExportRequest& request) {
  model::GgufExtras extras{.name = parts.name, .permit = parts.permit, .type = request.type};
  if (parts.tokenizer) {
    CAIRN_ASSIGN(extras.vocabulary, gguf_vocabulary_of(*parts.tokenizer));
  }
  CAIRN_ASSIGN(model::PlannedFile file, model::plan_gguf(parts.model.config(), extras));
  file.name = request.to.filename().string();
  std::vector<model::PlannedFile> out;
  out.push_back(std::move(file));
  return out;
}

// Writes a file of the plan and tells how far all of them are.
class Writer {
 public:
  Writer(const Env& env, const std::function<bool()>& cancelled, std::uint64_t total)
      : env_(env), cancelled_(cancelled), total_(static_cast<double>(total) / 1e6) {}

  Status write(const model::Model& model, const model::PlannedFile& file, const std::filesystem::path& to) {
    CAIRN_ASSIGN(NewFile out, NewFile::create(to));
    CAIRN_TRY(model::write_planned(model, file, [&](ByteView bytes) -> Status {
      if (cancelled_ && cancelled_()) return fail(ErrorCode::interrupted, "interrupted; nothing was left behind");
      done_ += static_cast<double>(bytes.size()) / 1e6;
      if (env_.progress) env_.progress({.stage = "export", .done = done_, .total = total_, .unit = "MB"});
      return out.append(bytes);
    }));
    return out.commit();
  }

 private:
  const Env& env_;
  const std::function<bool()>& cancelled_;
  double total_ = 0, done_ = 0;
};

}  // namespace

Result<Exported> export_model(guard::Guard& guard, const ExportRequest& request, const Env& env,
                              const std::function<bool()>& cancelled) {
  CAIRN_ASSIGN(const Parts parts, parts_of(guard, request));
  const bool folder = request.format == ExportFormat::huggingface;
  CAIRN_ASSIGN(const std::vector<model::PlannedFile> files,
               folder ? plan_folder(parts, request) : plan_file(parts, request));
  Exported out{.files = {}, .bytes = 0, .duties = parts.duties};
  for (const model::PlannedFile& file : files) {
    out.files.push_back(file.name);
    out.bytes += file.bytes;
  }
  Writer writer(env, cancelled, out.bytes);
  if (!folder) {
    CAIRN_TRY(writer.write(parts.model, files.front(), request.to));
    return out;
  }
  CAIRN_ASSIGN(NewFolder made, NewFolder::create(request.to));
  for (const model::PlannedFile& file : files) CAIRN_TRY(writer.write(parts.model, file, made.folder() / file.name));
  CAIRN_TRY(made.commit());
  return out;
}

}  // namespace cairn::work
