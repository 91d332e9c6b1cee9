// The commands of the pipeline as people give them, on a site in a temporary folder, with the real steps.
#include <gtest/gtest.h>

#include "apps/cli.h"
#include "apps/words.h"
#include "base/files.h"
#include "base/json.h"
#include "data/synthetic_mailbox.h"
#include "embedded/permit.h"
#include "model/huggingface.h"
#include "model/testing_interchange.h"
#include "text/printable.h"

namespace cairn::apps {
namespace {

struct Ran {
  int code = 0;
  std::string out;
  Json json;  // the last line, where it is JSON

  std::string text(const char* key) const { return json.value(key, ""); }
  std::string error() const { return json.value("/error/message"_json_pointer, ""); }
};

class Commands : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cairn({"init", site(), "--name", "test lab"}).code, 0); }

  std::string site() const { return at("site"); }
  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  void write(const std::string& name, std::string_view text) {
    ASSERT_TRUE(make_folder((folder_.path() / name).parent_path()).has_value());
    ASSERT_TRUE(write_file(folder_.path() / name, text).has_value());
  }

  Ran cairn(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"cairn", "--json", "--site", site()});
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    testing::internal::CaptureStdout();
    Ran ran;
    ran.code = run(static_cast<int>(argv.size()), argv.data());
    ran.out = testing::internal::GetCapturedStdout();
    const auto lines = lines_of(ran.out);
    if (!lines.empty())
      if (auto json = parse_json(lines.back())) ran.json = std::move(*json);
    return ran;
  }

  // English enough for the passes; different seeds share no five words in a row.
  static std::string document(int seed) {
    std::string text;
    for (int i = 0; i < 40; ++i)
      text += fmt::format("The {} of part {} have to be set with care, and that is what chapter {} tells.\n",
                          i % 2 ? "values" : "names", seed * 100 + i, seed * 1000 + i * 7);
    return text;
  }

  void write_notes() {
    for (int i = 0; i < 40; ++i) write(fmt::format("notes/{:02}.md", i), document(i));
    write("notes/LICENSE", "CC0 1.0 Universal");
    write("notes/photo.jpg", "no text");
  }
  std::vector<std::string> add_notes() {
    return {"add", "folder", at("notes"), "--licence", "CC0-1.0", "--declared-in", at("notes/LICENSE")};
  }
  void write_mailbox() {
    write("mail.mbox", data::make_synthetic_mailbox({.seed = 3, .messages = 60}));
    write("mail.permit.toml", embedded::mailbox_permit_toml());
  }
  std::vector<std::string> add_mailbox() {
    return {"add", "mbox", at("mail.mbox"), "--name", "mailbox", "--permit", at("mail.permit.toml")};
  }
  std::vector<std::string> curate(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"curate", "--without", "quality", "--heldout", "200"});
    return more;
  }
  std::vector<std::string> train(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"train", "--width", "32", "--layers", "1", "--context", "32", "--rounds", "2", "--lanes",
                               "2", "--steps", "3", "--threads", "1"});
    return more;
  }
  void up_to_shards() {
    write_notes();
    ASSERT_EQ(cairn(add_notes()).code, 0);
    ASSERT_EQ(cairn(curate()).code, 0);
    ASSERT_EQ(cairn({"tokenizer", "--vocabulary", "320"}).code, 0);
  }

  TemporaryFolder folder_ = TemporaryFolder::make("cairn-commands").value();
};

TEST_F(Commands, FromAFolderAndAMailboxToASpec) {
  write_notes();
  write_mailbox();
  const Ran notes = cairn(add_notes());
  ASSERT_EQ(notes.code, 0) << notes.out;
  EXPECT_EQ(notes.json["records"], 40);
  EXPECT_EQ(notes.json["skipped"]["not text or Markdown"], 2);
  ASSERT_EQ(cairn(add_mailbox()).code, 0);

  const Ran curated = cairn(curate());
  ASSERT_EQ(curated.code, 0) << curated.out;
  EXPECT_EQ(curated.json["refused"].size(), 1U);  // the mailbox: nothing but drafting replies
  EXPECT_EQ(curated.json["refused"][0]["set"], "mailbox");
  const Ran tokens = cairn({"tokenizer", "--vocabulary", "320"});
  ASSERT_EQ(tokens.code, 0) << tokens.out;
  const Ran trained = cairn(train());
  ASSERT_EQ(trained.code, 0) << trained.out;
  EXPECT_EQ(trained.json["contributions"], 4);

  const Ran adapted = cairn({"adapt", "mailbox", "--task", "text.draft-reply", "--purpose", "non-commercial.personal",
                             "--steps", "2", "--sequences", "2", "--context", "32", "--rank", "2"});
  ASSERT_EQ(adapted.code, 0) << adapted.out;
  EXPECT_GT(adapted.json["exchanges"], 0);
  const Ran measured = cairn({"eval", "base"});
  ASSERT_EQ(measured.code, 0) << measured.out;
  EXPECT_GT(measured.json["capability"]["bits_per_byte"], 0);
  EXPECT_EQ(measured.json["bias"]["bias"]["all"]["pairs"], 112);
  const Ran spec = cairn({"spec", "base", "--out", at("public")});
  ASSERT_EQ(spec.code, 0) << spec.out;
  EXPECT_EQ(spec.json["content"]["maker"], "test lab");
  EXPECT_EQ(spec.json["content"]["measures"][0]["value"], measured.json["capability"]["bits_per_byte"]);
  EXPECT_EQ(spec.json["content"]["modules"][0]["data"], "mailbox");
  EXPECT_EQ(spec.json["content"]["data"].size(), 2U);
  EXPECT_TRUE(read_text(at("public/spec.html")).has_value());
  EXPECT_EQ(parse_json(read_text(at("public/spec.json")).value()).value(), spec.json["content"]);

  const std::string module = adapted.text("module");
  const std::vector<std::string> own{"--purpose",  "non-commercial.personal", "--audience", "owner", "--place",
                                     "own-machine"};
  const auto can = [&](const std::string& asset, const std::string& task) {
    std::vector<std::string> arguments{"can", asset, "--task", task};
    arguments.insert(arguments.end(), own.begin(), own.end());
    return cairn(arguments).code;
  };
  EXPECT_EQ(can(module, "text.draft-reply"), 0);
  EXPECT_EQ(can(module, "text.translation.machine"), 3);
  EXPECT_EQ(can(module, "text.summarisation"), 4);
  EXPECT_EQ(can("base", "text.translation.machine"), 0);
  EXPECT_EQ(cairn({"log", "verify"}).code, 0);
}

TEST_F(Commands, DoneTwiceIsDoneOnce) {
  write_notes();
  write_mailbox();
  std::vector<std::vector<std::string>> steps{
      add_notes(), add_mailbox(), curate(), {"tokenizer", "--vocabulary", "320"}, train(), {"eval"}};
  std::vector<Ran> first;
  for (const auto& step : steps) first.push_back(cairn(step));
  const std::size_t assets = cairn({"show"}).json["assets"].size();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Ran again = cairn(steps[i]);
    EXPECT_EQ(again.code, 0) << steps[i][0] << ": " << again.out;
    for (const char* key : {"asset", "corpus", "tokenizer", "shards", "model"})
      EXPECT_EQ(again.text(key), first[i].text(key)) << steps[i][0];
  }
  EXPECT_EQ(cairn({"show"}).json["assets"].size(), assets);
}

// The digest says which text under which seed: one document less, or another seed, is another model.
TEST_F(Commands, TheModelsDigestDependsOnSeedAndEveryDocument) {
  up_to_shards();
  const auto digest = [&](std::uint64_t seed, const char* name) {
    const Ran ran = cairn(train({"--seed", std::to_string(seed), "--name", name}));
    EXPECT_EQ(ran.code, 0) << ran.out;
    return ran.text("model_digest");
  };
  const std::string first = digest(7, "first");
  ASSERT_EQ(first.size(), 64U);
  EXPECT_EQ(digest(7, "again"), first);
  EXPECT_NE(digest(8, "other seed"), first);

  std::filesystem::remove(folder_.path() / "notes/17.md");
  std::filesystem::rename(site(), at("whole"));
  ASSERT_EQ(cairn({"init", site(), "--name", "test lab"}).code, 0);
  ASSERT_EQ(cairn(add_notes()).json["records"], 39);
  ASSERT_EQ(cairn(curate()).code, 0);
  ASSERT_EQ(cairn({"tokenizer", "--vocabulary", "320"}).code, 0);
  EXPECT_NE(digest(7, "first"), first);
}

TEST_F(Commands, ARunIsPreparedForVolunteersAndItsModelTakenIn) {
  up_to_shards();
  const Ran prepared = cairn(train({"--prepare", at("training")}));
  ASSERT_EQ(prepared.code, 0) << prepared.out;
  const std::string shards = cairn({"show", "--kind", "shards"}).json["assets"][0]["id"];
  EXPECT_EQ(prepared.text("host"), fmt::format("cairn --site {0} host {1}/plan.json --run {1}/run --checkpoint "
                                               "{1}/first.safetensors --shards {2}",
                                               site(), at("training"), shards.substr(0, 12)));
  const Ran early = cairn({"train", "--finish", at("training")});
  EXPECT_EQ(early.code, 5) << early.out;
  // The same plan, computed here in the run's folder, in the volunteers' place.
  const Ran computed = cairn(train({"--run", at("training/run"), "--audit-share", "1"}));
  ASSERT_EQ(computed.code, 0) << computed.out;
  EXPECT_EQ(computed.json["audits"], 4);
  const Ran finished = cairn({"train", "--finish", at("training")});
  ASSERT_EQ(finished.code, 0) << finished.out;
  EXPECT_EQ(finished.text("model"), computed.text("model"));
  EXPECT_EQ(cairn({"audit", at("training/run"), "--threads", "1"}).code, 0);
  const Ran other = cairn(train({"--prepare", at("training"), "--seed", "8"}));
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.error().find("holds another run"), std::string::npos) << other.out;
}

TEST_F(Commands, AModelDoesNotGetTheLineageOfOtherData) {
  up_to_shards();
  ASSERT_EQ(cairn(train({"--prepare", at("training")})).code, 0);
  ASSERT_EQ(cairn(train({"--run", at("training/run"), "--audit-share", "1"})).code, 0);
  ASSERT_EQ(cairn({"curate", "--without", "quality", "--heldout", "300", "--name", "other"}).code, 0);
  const Ran other = cairn({"tokenizer", "other", "--vocabulary", "320"});
  ASSERT_EQ(other.code, 0) << other.out;
  const Ran finished = cairn({"train", other.text("shards"), "--finish", at("training")});
  EXPECT_EQ(finished.code, 2);
  EXPECT_EQ(finished.error(), "run \"base\": unit 0 of its plan was not cut from these shards");
}

TEST_F(Commands, WhatIsAddedNeedsAPermitThatReads) {
  write_notes();
  write_mailbox();
  const auto expect = [&](std::vector<std::string> arguments, int code, const std::string& message) {
    const Ran ran = cairn(arguments);
    EXPECT_EQ(ran.code, code) << ran.out;
    EXPECT_EQ(ran.error(), message);
  };
  expect({"add", "folder", at("notes")}, 2, "what may this data be used for? Nothing was declared");
  expect({"add", "folder", at("notes"), "--licence", "CC0-1.0"}, 2, "where is CC0-1.0 declared?");
  expect({"add", "folder", at("notes"), "--licence", "CC0-1.0", "--declared-in", at("none")}, 5,
         fmt::format("CC0-1.0 is said to be declared in {}, which is not there", at("none")));
  expect({"add", "folder", at("notes"), "--licence", "CC0", "--declared-in", "https://example.org", "--permit", "x"}, 2,
         "a permit file and a licence: expected one of the two");
  expect({"add", "folder", at("notes"), "--licence", "Freeish-1.0", "--declared-in", "https://example.org"}, 5,
         "the catalogue has no licence \"Freeish-1.0\"");
  expect({"add", "folder", at("none"), "--licence", "MIT", "--declared-in", "https://example.org"}, 5,
         "there is no folder " + at("none"));
  write("bad.toml", "title = \"x\"\n[[allow]]\naction = [\"tran\"]\n");
  const Ran bad = cairn({"add", "mbox", at("mail.mbox"), "--permit", at("bad.toml")});
  EXPECT_EQ(bad.code, 6);
  EXPECT_NE(bad.error().find("bad.toml"), std::string::npos) << bad.error();
  const std::string mbox = read_text(at("mail.mbox")).value();
  write("cut.mbox", mbox.substr(0, mbox.size() / 2));
  const Ran cut = cairn({"add", "mbox", at("cut.mbox"), "--permit", at("mail.permit.toml")});
  EXPECT_EQ(cut.code, 6);
  EXPECT_TRUE(cut.error().starts_with(at("cut.mbox") + ": message ")) << cut.error();
  EXPECT_TRUE(cairn({"show"}).json["assets"].empty());
}

TEST_F(Commands, WhatWasWithdrawnDoesNotComeBackUnderAnotherName) {
  write_mailbox();
  const std::string first = cairn(add_mailbox()).text("asset");
  ASSERT_EQ(cairn({"revoke", first, "--reason", "my letters are mine"}).code, 0);
  for (const char* name : {"mailbox", "other"}) {
    std::vector<std::string> again = add_mailbox();
    again[4] = name;
    const Ran refused = cairn(again);
    EXPECT_EQ(refused.code, 3) << name;
    EXPECT_EQ(refused.error(), fmt::format("these bytes were withdrawn: they are those of record-set \"mailbox\" ({}), "
                                           "which was revoked",
                                           first.substr(0, 12)));
  }
  // Another letter more, and it is another mailbox: its owner's word counts anew.
  write("mail.mbox", data::make_synthetic_mailbox({.seed = 3, .messages = 61}));
  EXPECT_EQ(cairn(add_mailbox()).code, 0);
}

TEST_F(Commands, AQuestionIsReadBeforeItIsAnswered) {
  write_mailbox();
  ASSERT_EQ(cairn(add_mailbox()).code, 0);
  const Ran misspelt = cairn({"can", "mailbox", "--task", "text.draft-repli"});
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_EQ(misspelt.error(), "unknown task \"text.draft-repli\"");
  EXPECT_EQ(cairn({"can", "mailbox", "--when", "2026-13-45"}).code, 2);
  const Ran open = cairn({"can", "mailbox", "--task", "text.draft-reply"});
  EXPECT_EQ(open.code, 3);
  EXPECT_EQ(open.text("hint"),
            "Without --purpose, --audience, --place the question is about every one; name the use that you mean.");
  write("empty.mbox", "");
  const Ran empty = cairn({"add", "mbox", at("empty.mbox"), "--name", "empty", "--permit", at("mail.permit.toml")});
  EXPECT_EQ(empty.code, 2);
  EXPECT_EQ(empty.error(), "the mailbox holds no message");
}

TEST_F(Commands, OneNameIsOneThing) {
  write_notes();
  ASSERT_EQ(cairn(add_notes()).code, 0);
  write("notes/99.md", document(99));
  const Ran changed = cairn(add_notes());
  EXPECT_EQ(changed.code, 2);
  EXPECT_NE(changed.error().find("the site has another record-set \"notes\""), std::string::npos) << changed.out;
  auto named = add_notes();
  named.insert(named.end(), {"--name", "notes of May"});
  EXPECT_EQ(cairn(named).code, 0);
}

TEST_F(Commands, WhatIsMissingOrOfAnotherKindIsNamed) {
  EXPECT_EQ(cairn({"curate"}).error(), "the site has no record set to curate");
  EXPECT_EQ(cairn({"train"}).error(), "the site \"test lab\" has no shards yet, or only revoked ones");
  EXPECT_EQ(cairn({"train", "--name", "../elsewhere"}).code, 2);
  EXPECT_EQ(cairn({"eval"}).code, 5);
  EXPECT_EQ(cairn({"spec", "nothing"}).code, 5);
  write_notes();
  write_mailbox();
  ASSERT_EQ(cairn(add_notes()).code, 0);
  const Ran kind = cairn({"tokenizer", "notes"});
  EXPECT_EQ(kind.code, 2);
  EXPECT_NE(kind.error().find("\"notes\" is a record set, expected a corpus"), std::string::npos) << kind.error();
  EXPECT_EQ(cairn(curate({"--licence", "Freeish-1.0"})).code, 5);
  ASSERT_EQ(cairn(add_mailbox()).code, 0);
  const Ran refused = cairn({"curate", "mailbox"});  // nothing may go in
  EXPECT_EQ(refused.code, 2) << refused.out;
  EXPECT_EQ(cairn({"curate", "notes", "--without", "qualty"}).code, 2);
}

TEST_F(Commands, AModelGoesOutAndComesBackInEitherFormat) {
  up_to_shards();
  const Ran trained = cairn(train());
  ASSERT_EQ(trained.code, 0) << trained.out;
  const Ran folder = cairn({"export", "base", "--format", "huggingface", "--to", at("hf"), "--licence", "CC0-1.0"});
  ASSERT_EQ(folder.code, 0) << folder.out;
  EXPECT_EQ(folder.json["tokenizer"], true);
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json", "cairn.permit.json"})
    EXPECT_TRUE(std::filesystem::exists(at("hf") + "/" + name)) << name;
  ASSERT_EQ(cairn({"export", "base", "--format", "gguf", "--to", at("base.gguf")}).code, 0);
  const auto import = [&](const char* path, const char* name) {
    return cairn({"import", at(path), "--name", name, "--licence", "CC0-1.0", "--declared-in", at("notes/LICENSE")});
  };
  const Ran hf = import("hf", "from hf"), gguf = import("base.gguf", "from gguf");
  ASSERT_EQ(hf.code, 0) << hf.out;
  ASSERT_EQ(gguf.code, 0) << gguf.out;
  EXPECT_EQ(hf.text("model_digest"), gguf.text("model_digest"));
  EXPECT_EQ(hf.text("without_tokenizer"), "");
  EXPECT_EQ(hf.json["parameters"], gguf.json["parameters"]);
  EXPECT_EQ(import("hf", "from hf").text("model"), hf.text("model"));  // the same again is the same asset
  // Out once more, to the byte, though the family's name has changed.
  ASSERT_EQ(cairn({"export", "from gguf", "--format", "huggingface", "--to", at("hf2")}).code, 0);
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"})
    EXPECT_EQ(read_text(at("hf") + "/" + name).value(), read_text(at("hf2") + "/" + name).value()) << name;
  // An imported model is one to work with: it has its tokenizer.
  const Ran module = cairn(
      {"adapt", "notes", "--base", "from hf", "--steps", "2", "--sequences", "2", "--context", "32", "--rank", "2"});
  EXPECT_EQ(module.code, 0) << module.out;
}

// As a folder of another maker's: GPT-2's words, merges of the model's own, all of it to be worked with.
TEST_F(Commands, AnotherMakersTokenizerComesInAndIsUsed) {
  up_to_shards();
  ASSERT_EQ(cairn(train()).code, 0);
  ASSERT_EQ(cairn({"export", "base", "--format", "huggingface", "--to", at("hf")}).code, 0);
  Json file = parse_json(read_text(at("hf") + "/tokenizer.json").value()).value();
  file["pre_tokenizer"] = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  write("hf/tokenizer.json", file.dump());
  const auto import = [&](const std::string& path, const char* name) {
    return cairn({"import", path, "--name", name, "--licence", "CC0-1.0", "--declared-in", at("notes/LICENSE")});
  };
  const Ran first = import(at("hf"), "theirs");
  ASSERT_EQ(first.code, 0) << first.out;
  EXPECT_EQ(first.text("without_tokenizer"), "");
  const Ran module = cairn(
      {"adapt", "notes", "--base", "theirs", "--steps", "2", "--sequences", "2", "--context", "32", "--rank", "2"});
  EXPECT_EQ(module.code, 0) << module.out;
  ASSERT_EQ(cairn({"export", "theirs", "--format", "gguf", "--to", at("theirs.gguf")}).code, 0);
  const Ran second = import(at("theirs.gguf"), "back");
  ASSERT_EQ(second.code, 0) << second.out;
  EXPECT_EQ(second.text("without_tokenizer"), "");
  ASSERT_EQ(cairn({"export", "theirs", "--format", "huggingface", "--to", at("a")}).code, 0);
  ASSERT_EQ(cairn({"export", "back", "--format", "huggingface", "--to", at("b")}).code, 0);
  EXPECT_EQ(read_text(at("a/tokenizer.json")).value(), read_text(at("b/tokenizer.json")).value());
  // One that is not read is named, and the model comes in all the same; so is one with more tokens than the model.
  Json more = file;
  const Json rows = parse_json(read_text(at("hf/config.json")).value()).value()["vocab_size"];
  more["added_tokens"].push_back({{"id", rows},
                                  {"content", "<more>"},
                                  {"special", true},
                                  {"single_word", false},
                                  {"lstrip", false},
                                  {"rstrip", false},
                                  {"normalized", false}});
  write("hf/tokenizer.json", more.dump());
  const Ran larger = import(at("hf"), "larger");
  ASSERT_EQ(larger.code, 0) << larger.out;
  EXPECT_EQ(larger.text("without_tokenizer"),
            fmt::format("its tokenizer has {0} tokens, the model {1}", rows.get<int>() + 1, rows.get<int>()));
  file["pre_tokenizer"] = {{"type", "Metaspace"}};
  write("hf/tokenizer.json", file.dump());
  const Ran without = import(at("hf"), "bare");
  ASSERT_EQ(without.code, 0) << without.out;
  EXPECT_NE(without.text("without_tokenizer").find("Metaspace"), std::string::npos);
  // A broken one is an error that says where it lies, and nothing comes in.
  write("hf/tokenizer.json", "{");
  const Ran broken = import(at("hf"), "broken");
  EXPECT_EQ(broken.code, 6) << broken.out;
  EXPECT_NE(broken.error().find(at("hf") + ": tokenizer.json: "), std::string::npos) << broken.error();
  EXPECT_EQ(cairn({"show", "broken"}).code, 5);
}

// A GPT-2 as older folders hold one: two files in the place of tokenizer.json, and learned positions.
TEST_F(Commands, Gpt2sFolderComesIn) {
  model::ModelConfig config = model::small_gpt2();
  config.vocabulary = 300;
  const auto plan = model::plan_huggingface(config, {}).value();
  Json config_json = parse_json(as_text(plan[0].head)).value(), vocabulary = Json::object();
  for (int byte = 0; byte < 256; ++byte) vocabulary[text::printable(std::string(1, static_cast<char>(byte)))] = byte;
  vocabulary["th"] = 256;
  vocabulary["<|endoftext|>"] = 257;
  config_json["eos_token_id"] = 257;
  write("old/config.json", config_json.dump());
  write("old/model.safetensors", as_text(model::bytes_of_planned(model::lively_model(config, 1), plan[1])));
  write("old/vocab.json", vocabulary.dump());
  write("old/merges.txt", "#version: 0.2\nt h\n");
  const auto import = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"import", at("old"), "--licence", "CC0-1.0", "--declared-in", at("old/config.json")});
    return cairn(more);
  };
  const Ran with = import({});
  ASSERT_EQ(with.code, 0) << with.out;
  EXPECT_EQ(with.text("without_tokenizer"), "");
  EXPECT_EQ(with.text("name"), "old");
  const Ran fewer = import({"--context", "8"});
  EXPECT_EQ(fewer.code, 11) << fewer.out;
  EXPECT_NE(fewer.error().find("positions are weights"), std::string::npos) << fewer.out;
}

// Other types do not say by their two files what words these are for. A folder's name is all of it.
TEST_F(Commands, AFolderOfAnotherTypeComesInWithoutATokenizerAndWithFewerPositions) {
  model::ModelConfig config = model::small_llama();
  config.vocabulary = 300;
  const auto plan = model::plan_huggingface(config, {}).value();
  write("Tiny-0.1B/config.json", as_text(plan[0].head));
  write("Tiny-0.1B/model.safetensors", as_text(model::bytes_of_planned(model::lively_model(config, 1), plan[1])));
  write("Tiny-0.1B/vocab.json", "{}");
  write("Tiny-0.1B/merges.txt", "");
  const Ran ran = cairn({"import", at("Tiny-0.1B"), "--context", "9", "--licence", "CC0-1.0", "--declared-in",
                         at("Tiny-0.1B/config.json")});
  ASSERT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(ran.text("name"), "Tiny-0.1B");
  EXPECT_EQ(ran.json["context"], 9);
  EXPECT_EQ(ran.text("without_tokenizer"),
            "the folder has no tokenizer.json; vocab.json and merges.txt alone are read for gpt2 and gptj");
}

TEST_F(Commands, WhatIsExportedAsksThePermitAndLeavesNothingHalfWritten) {
  up_to_shards();
  ASSERT_EQ(cairn(train()).code, 0);
  const auto entries = [&] {
    return std::distance(std::filesystem::directory_iterator(folder_.path()), std::filesystem::directory_iterator());
  };
  const auto before = entries();
  const Ran type = cairn({"export", "base", "--format", "huggingface", "--type", "q8_0", "--to", at("hf")});
  EXPECT_EQ(type.code, 2);
  EXPECT_EQ(type.error(), "Hugging Face's files are written in F32 or BF16, not in Q8_0");
  EXPECT_EQ(cairn({"export", "base", "--format", "gguf", "--to", at("notes")}).error(),
            at("notes") + " is there already");
  EXPECT_EQ(cairn({"export", "base", "--format", "gguf", "--to", at("none/base.gguf")}).code, 5);
  EXPECT_EQ(cairn({"export", "base", "--format", "onnx", "--to", at("base.onnx")}).code, 2);
  EXPECT_EQ(cairn({"revoke", "notes", "--reason", "taken back"}).code, 0);
  const std::string base = cairn({"show", "--kind", "model"}).json["assets"][0]["id"];
  EXPECT_EQ(cairn({"export", base, "--format", "gguf", "--to", at("base.gguf")}).code, 3);
  EXPECT_EQ(entries(), before);
}

TEST_F(Commands, WhatIsNotAModelIsNotImported) {
  write_notes();
  const auto import = [&](const std::string& path) {
    return cairn({"import", path, "--licence", "CC0-1.0", "--declared-in", at("notes/LICENSE")});
  };
  EXPECT_EQ(cairn({"import", at("notes")}).error(), "what may this data be used for? Nothing was declared");
  EXPECT_EQ(import(at("none")).error(), "there is no " + at("none"));
  EXPECT_EQ(import(at("notes/LICENSE")).code, 2);
  EXPECT_EQ(import(at("notes")).code, 5);  // no config.json
  write("m/config.json", R"({"model_type": "mamba"})");
  EXPECT_EQ(import(at("m")).error(), at("m") + " has neither model.safetensors nor model.safetensors.index.json");
  write("m/model.safetensors", std::string("\x02\0\0\0\0\0\0\0{}", 10));
  const Ran other = import(at("m"));
  EXPECT_EQ(other.code, 11) << other.out;
  EXPECT_NE(other.error().find("model type 'mamba'"), std::string::npos) << other.error();
  write("m/model.safetensors", "short");
  EXPECT_EQ(import(at("m")).code, 6);
  write("x.gguf", "GGUF");
  EXPECT_EQ(import(at("x.gguf")).error(),
            at("x.gguf") + ": GGUF: the version: expected 4 bytes at 4, the file ends after 0");
  EXPECT_TRUE(cairn({"show"}).json["assets"].empty());
}

TEST_F(Commands, AModelIsAdaptedForPermittedUsesAlone) {
  up_to_shards();
  write_mailbox();
  ASSERT_EQ(cairn(add_mailbox()).code, 0);
  ASSERT_EQ(cairn(train()).code, 0);
  const Ran denied = cairn({"adapt", "mailbox", "--task", "text.translation.machine"});
  EXPECT_EQ(denied.code, 3) << denied.out;
  EXPECT_NE(denied.out.find("my letters shall not power a translation system"), std::string::npos);
  EXPECT_EQ(cairn({"adapt", "mailbox", "--task", "text.summarisation", "--purpose", "non-commercial.personal"}).code,
            4);
  const Ran folder = cairn({"adapt", "notes", "--steps", "2", "--sequences", "2", "--context", "32", "--rank", "2"});
  EXPECT_EQ(folder.code, 0) << folder.out;
  EXPECT_EQ(folder.json["documents"], 40);
  EXPECT_EQ(cairn({"revoke", "notes", "--reason", "taken back"}).code, 0);
  EXPECT_EQ(cairn({"eval", "base"}).code, 3);
  EXPECT_EQ(cairn({"eval"}).code, 5);  // no model is left
}

}  // namespace
}  // namespace cairn::apps
