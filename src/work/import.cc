#include "work/import.h"

#include <set>

#include "base/files.h"
#include "base/json.h"
#include "model/checkpoint.h"
#include "model/huggingface.h"
#include "text/huggingface_tokenizer.h"
#include "work/commit.h"
#include "work/interchange_tokenizer.h"

namespace cairn::work {
namespace {

constexpr std::size_t kMostConfigBytes = std::size_t{1} << 20;
constexpr std::size_t kMostIndexBytes = std::size_t{1} << 26;
constexpr std::size_t kMostTokenizerBytes = std::size_t{1} << 27;

struct Read {
  model::Model model;
  std::optional<text::Tokenizer> tokenizer;
  std::string without_tokenizer;
};

// Where it cannot be told, it is not.
bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::function<void(double)> told_to(const Env& env, double megabytes) {
  return [&env, megabytes](double share) {
    if (env.progress) env.progress({.stage = "import", .done = share * megabytes, .total = megabytes, .unit = "MB"});
  };
}

// A tokenizer of another kind is no fault of the model's; a broken one is an error.
Status take(Result<text::Tokenizer> tokenizer, const std::filesystem::path& from, Read& into) {
  if (tokenizer) {
    into.tokenizer = std::move(*tokenizer);
  } else if (tokenizer.error().code == ErrorCode::unsupported) {
    into.without_tokenizer = tokenizer.error().message;
  } else {
    return fail(std::move(tokenizer).error().within(from.string()));
  }
  return {};
}

// All weight files of a folder, mapped.
struct WeightFiles {
  std::vector<MappedFile> maps;
  std::vector<model::NamedFile> files;
  std::optional<model::TensorIndex> index;
  double megabytes = 0;

  Status add(const std::filesystem::path& folder, const std::string& name) {
    CAIRN_ASSIGN(MappedFile map, MappedFile::open(folder / name));
    files.push_back({name, map.bytes()});
    megabytes += static_cast<double>(map.bytes().size()) / 1e6;
    maps.push_back(std::move(map));
    return {};
  }
};

Result<WeightFiles> weight_files(const std::filesystem::path& folder) {
  WeightFiles out;
  if (is_there(folder / model::kIndexFile)) {
    CAIRN_ASSIGN(const std::string text, read_text(folder / model::kIndexFile, kMostIndexBytes));
    CAIRN_ASSIGN(out.index, model::read_tensor_index(text));
    std::set<std::string> names;
    for (const auto& [tensor, file] : *out.index) names.insert(file);
    for (const std::string& name : names) CAIRN_TRY(out.add(folder, name));
    return out;
  }
  if (!is_there(folder / model::kWeightsFile)) {
    return fail_with_hint(
        ErrorCode::not_found,
        fmt::format("{} has neither {} nor {}", folder.string(), model::kWeightsFile, model::kIndexFile),
        "weights in PyTorch's own files (.bin, .pt) are programs; convert them to safetensors first");
  }
  CAIRN_TRY(out.add(folder, std::string(model::kWeightsFile)));
  return out;
}

// The token that ends a text, as config.json names it; the first where it names several.
std::optional<TokenId> end_of_text(const Json& config) {
  const auto found = config.find("eos_token_id");
  if (found == config.end()) return std::nullopt;
  const Json& id = found->is_array() && !found->empty() ? found->front() : *found;
  if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= text::kLargestVocabulary) return std::nullopt;
  return id.get<TokenId>();
}

// Whether models of this type have GPT-2's words, which vocab.json and merges.txt do not say.
bool has_words_of_gpt2(const Json& config) {
  const auto type = config.find("model_type");
  return type != config.end() && (*type == "gpt2" || *type == "gptj");
}

Status read_tokenizer(const std::filesystem::path& folder, std::string_view config_text, Read& into) {
  CAIRN_ASSIGN(const Json config, parse_json(config_text));
  if (is_there(folder / "tokenizer.json")) {
    CAIRN_ASSIGN(const std::string json, read_text(folder / "tokenizer.json", kMostTokenizerBytes));
    return take(text::tokenizer_from_huggingface(json, end_of_text(config)), folder, into);
  }
  if (!is_there(folder / "vocab.json") || !is_there(folder / "merges.txt")) {
    into.without_tokenizer = "the folder has no tokenizer.json";
    return {};
  }
  if (!has_words_of_gpt2(config)) {
    into.without_tokenizer =
        "the folder has no tokenizer.json; vocab.json and merges.txt alone are read for gpt2 and gptj";
    return {};
  }
  CAIRN_ASSIGN(const std::string vocabulary, read_text(folder / "vocab.json", kMostTokenizerBytes));
  CAIRN_ASSIGN(const std::string merges, read_text(folder / "merges.txt", kMostTokenizerBytes));
  return take(text::tokenizer_from_gpt2(vocabulary, merges, end_of_text(config)), folder, into);
}

Result<Read> read_folder(const std::filesystem::path& folder, const Env& env, std::uint32_t most_context) {
  CAIRN_ASSIGN(const std::string config, read_text(folder / "config.json", kMostConfigBytes));
  CAIRN_ASSIGN(const WeightFiles weights, weight_files(folder));
  auto tensors = weights.index ? model::read_tensor_files(*weights.index, weights.files)
                               : model::read_tensor_file(weights.files.front().bytes);
  if (!tensors) return fail(std::move(tensors).error().within(folder.string()));
  auto model = model::model_from_huggingface(config, *tensors, told_to(env, weights.megabytes), most_context);
  if (!model) return fail(std::move(model).error().within(folder.string()));
  Read out{.model = std::move(*model), .tokenizer = {}, .without_tokenizer = {}};
  CAIRN_TRY(read_tokenizer(folder, config, out));
  return out;
}

Result<Read> read_gguf_file(const std::filesystem::path& path, const Env& env, std::uint32_t most_context) {
  CAIRN_ASSIGN(const MappedFile map, MappedFile::open(path));
  auto file = model::read_gguf(map.bytes());
  if (!file) return fail(std::move(file).error().within(path.string()));
  auto model = model::model_from_gguf(*file, told_to(env, static_cast<double>(map.bytes().size()) / 1e6), most_context);
  if (!model) return fail(std::move(model).error().within(path.string()));
  Read out{.model = std::move(*model), .tokenizer = {}, .without_tokenizer = {}};
  auto words = model::vocabulary_from_gguf(*file);
  if (!words) {
    CAIRN_TRY(take(fail(std::move(words).error()), path, out));
  } else if (*words) {
    CAIRN_TRY(take(tokenizer_of(**words), path, out));
  } else {
    out.without_tokenizer = "the file has no tokenizer";
  }
  return out;
}

Result<AssetId> store_tokenizer(guard::Guard& guard, const text::Tokenizer& tokenizer, const std::string& name,
                                const std::string& source, const guard::Declared& declared) {
  return commit_root(guard,
                     {.kind = "tokenizer",
                      .name = fmt::format("tokenizer of {}", name),
                      .step = "import",
                      .settings = Json{{"source", source}},
                      .properties = Json{{"digest", tokenizer.digest().hex()}},
                      .role = "tokenizer",
                      .bytes = to_bytes(tokenizer.to_json())},
                     declared.permit, declared.where, declared.by);
}

}  // namespace

Result<Imported> import_model(guard::Guard& guard, const std::filesystem::path& path, const std::string& name,
                              const guard::Declared& declared, const Env& env, std::uint32_t most_context) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (!std::filesystem::exists(status)) return fail(ErrorCode::not_found, "there is no {}", path.string());
  const bool folder = std::filesystem::is_directory(status);
  if (!folder && path.extension() != ".gguf") {
    return fail_with_hint(ErrorCode::invalid, fmt::format("{} is neither a folder nor a .gguf file", path.string()),
                          "name the folder that holds config.json and the safetensors, or a GGUF file");
  }
  Imported out;
  out.source = folder ? "huggingface" : "gguf";
  CAIRN_ASSIGN(Read read, folder ? read_folder(path, env, most_context) : read_gguf_file(path, env, most_context));
  // Some come with tokens that were added to the tokenizer and never to the model.
  if (read.tokenizer && read.tokenizer->vocabulary() > read.model.config().vocabulary) {
    read.without_tokenizer = fmt::format("its tokenizer has {} tokens, the model {}", read.tokenizer->vocabulary(),
                                         read.model.config().vocabulary);
    read.tokenizer.reset();
  }
  out.config = read.model.config();
  out.parameters = read.model.weights().size();
  Json properties = {{"parameters", out.parameters}, {"family", out.config.family}};
  if (read.tokenizer) {
    CAIRN_ASSIGN(out.tokenizer, store_tokenizer(guard, *read.tokenizer, name, out.source, declared));
    properties["tokenizer"] = out.tokenizer->hex();
  }
  out.without_tokenizer = std::move(read.without_tokenizer);
  const model::FileParts weights = model::encode_parts(read.model);
  out.digest = sha256(weights.bytes());
  properties["digest"] = out.digest.hex();
  CAIRN_ASSIGN(out.model, commit_root(guard,
                                      {.kind = "model",
                                       .name = name,
                                       .step = "import",
                                       .settings = Json{{"source", out.source}},
                                       .properties = properties,
                                       .role = "weights",
                                       .bytes = {},
                                       .viewed = weights.bytes()},
                                      declared.permit, declared.where, declared.by));
  return out;
}

}  // namespace cairn::work
