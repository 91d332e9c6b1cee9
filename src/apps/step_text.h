// What the steps of the pipeline answer, for people and as JSON: the commands and the tour show the same. Pure.
#pragma once

#include <string>

#include "base/json.h"
#include "work/adapt.h"
#include "work/base_corpus.h"
#include "work/evaluate.h"
#include "work/evaluate_bias.h"
#include "work/ingest.h"
#include "work/specify.h"
#include "work/tokenise.h"

namespace cairn::apps {

// Lines without a last line end.
std::string text_of(const work::IngestedDocs& docs);
std::string text_of(const work::Plan& plan);
std::string text_of(const work::BaseCorpus& base);
std::string text_of(const work::Tokenised& tokens);
std::string text_of(const work::Adapted& adapted);
std::string text_of(const work::BitsEvaluated& bits);
std::string text_of(const work::BiasEvaluated& bias);
std::string text_of(const work::Specified& specified);

Json json_of(const work::IngestedDocs& docs);
Json json_of(const work::BaseCorpus& base);
Json json_of(const work::Tokenised& tokens);
Json json_of(const work::Adapted& adapted);
Json json_of(const work::BitsEvaluated& bits);
Json json_of(const work::BiasEvaluated& bias);

}  // namespace cairn::apps
