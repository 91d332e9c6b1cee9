#include "serve/pages.h"

#include <fmt/format.h>

#include "permit/vocabulary.h"
#include "text/html.h"

namespace cairn::serve {
namespace {

using text::escape_html;

constexpr std::size_t kMostRows = 200;

std::string frame(std::string_view title, std::string_view main) {
  return fmt::format(
      R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{0} - Cairn</title>
<link rel="stylesheet" href="/static/site.css">
<script src="/static/site.js" defer></script>
</head>
<body>
<header><h1>{0}</h1><p>a Cairn site</p><nav><a href="/">Home</a> <a href="/spec">Spec</a> <a href="/api/site">JSON</a></nav></header>
<main>
{1}</main>
<footer>What a model may be used for is decided for each request, by the permits of the data it was made from.</footer>
</body>
</html>
)",
      escape_html(title), main);
}

std::string id_code(const AssetId& id) {
  return fmt::format("<a class=\"id\" href=\"/api/assets/{}\" title=\"{}\">{}</a>", id.hex(), id.hex(), id.brief());
}

// The fields by which a use is declared, with the vocabulary's terms to choose from.
std::string use_fields(std::string_view form) {
  std::string out;
  for (const auto dimension : {permit::Dimension::task, permit::Dimension::purpose, permit::Dimension::audience}) {
    const std::string_view name = permit::name_of(dimension);
    out += fmt::format("<label>{0}<select name=\"{0}\" id=\"{1}-{0}\"><option value=\"\">any</option>", name, form);
    const permit::Tree& tree = permit::Vocabulary::standard().tree(dimension);
    for (permit::Term term = 1; term < tree.size(); ++term)
      out +=
          fmt::format("<option value=\"{}\">{}</option>", escape_html(tree[term].name), escape_html(tree[term].name));
    out += "</select></label>\n";
  }
  return out;
}

std::string model_section(const HomeView& view) {
  std::string modules;
  for (const PartRef& module : view.plan.modules)
    modules += fmt::format("{} {}<br>", escape_html(module.name), id_code(module.asset));
  if (modules.empty()) modules = "none";
  const std::string spec =
      view.plan.spec ? "<a href=\"/spec\">as a page</a>, <a href=\"/spec.json\">as JSON</a>" : "none named";
  return fmt::format(
      "<section><h2>What is "
      "served</h2>\n<dl><dt>Deployment</dt><dd>{}</dd><dt>Base</dt><dd>{}</dd><dt>Tokenizer</dt><dd>{}</dd>"
      "<dt>Modules</dt><dd>{}</dd><dt>Spec</dt><dd>{}</dd></dl></section>\n",
      escape_html(view.plan.name), id_code(view.plan.base), id_code(view.plan.tokenizer), modules, spec);
}

std::string can_section(const HomeView& view) {
  std::string options;
  const auto option = [&options](const AssetId& id, std::string_view name) {
    options += fmt::format("<option value=\"{}\">{}</option>", id.hex(), escape_html(name));
  };
  option(view.plan.base, "base");
  for (const PartRef& module : view.plan.modules) option(module.asset, "module " + module.name);
  for (std::size_t i = 0; i < view.assets.size() && i < kMostRows; ++i)
    option(view.assets[i].id, view.assets[i].kind + ": " + view.assets[i].name);
  std::string actions;
  const permit::Tree& tree = permit::Vocabulary::standard().tree(permit::Dimension::action);
  for (permit::Term term = 1; term < tree.size(); ++term)
    actions +=
        fmt::format("<option{}>{}</option>", tree[term].name == "use" ? " selected" : "", escape_html(tree[term].name));
  return fmt::format(
      "<section><h2>May I?</h2>\n<form id=\"can\" action=\"/can\" method=\"get\">\n<label>asset<select "
      "name=\"asset\">{}</select></label>\n"
      "<label>action<select name=\"action\">{}</select></label>\n{}"
      "<label>place<select name=\"place\"><option value=\"own-machine\">own-machine</option><option "
      "value=\"\">any</option></select></label>\n"
      "<button>Ask</button></form>\n<div id=\"can-answer\" aria-live=\"polite\"></div></section>\n",
      options, actions, use_fields("can"));
}

std::string speak_section(const HomeView& view) {
  std::string models;
  for (const ServedModel& model : view.models)
    models += fmt::format("<option value=\"{0}\">{0}: {1}</option>", escape_html(model.id), escape_html(model.note));
  return fmt::format(
      "<section><h2>Try it</h2>\n<form id=\"speak\">\n<label>model<select name=\"model\">{}</select></label>\n{}"
      "<label>prompt<textarea name=\"prompt\" required></textarea></label>\n<button>Continue the text</button></form>\n"
      "<div id=\"speak-answer\" aria-live=\"polite\"></div><noscript><p class=\"quiet\">This form needs scripts; the "
      "address below does not.</p></noscript></section>\n",
      models, use_fields("speak"));
}

std::string asset_section(const HomeView& view) {
  std::string rows;
  const std::size_t first = view.assets.size() > kMostRows ? view.assets.size() - kMostRows : 0;
  for (std::size_t i = view.assets.size(); i > first; --i) {
    const ledger::AssetSummary& asset = view.assets[i - 1];
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"date\">{}</td><td>{}</td></tr>\n",
                        id_code(asset.id), escape_html(asset.kind), escape_html(asset.name),
                        to_iso(asset.created).substr(0, 10), asset.revoked ? "withdrawn" : "");
  }
  const std::string note =
      first > 0 ? fmt::format("<p class=\"quiet\">The newest {} of {}.</p>", kMostRows, view.assets.size())
                : std::string();
  return fmt::format(
      "<section><h2>Assets</h2>\n<div "
      "class=\"scroll\"><table><thead><tr><th>id</th><th>kind</th><th>name</th><th>made</th><th></th></tr></"
      "thead>\n<tbody>{}</tbody></table></div>{}</section>\n",
      rows, note);
}

constexpr std::string_view kExample = R"(curl http://HOST/v1/completions -H 'Content-Type: application/json' -d '{
  "model": "base", "prompt": "Dear Ada,", "max_tokens": 40,
  "cairn": {"task": "text.draft-reply", "purpose": "personal", "audience": "members"}}')";

std::string verify_section(const HomeView& view) {
  return fmt::format(
      "<section><h2>For programs, and for whoever does not take our word</h2>\n<p>The endpoint speaks as OpenAI's "
      "does, under <code>/v1</code>; each request names its purpose.</p>\n<pre>{}</pre>\n"
      "<dl><dt>Log</dt><dd>{} entries, root <span class=\"id\">{}</span> (<a href=\"/api/log/head\">signed "
      "head</a>)</dd>"
      "<dt>Site's key</dt><dd class=\"id\">{}</dd><dt>Permits' epoch</dt><dd>{}</dd></dl></section>\n",
      escape_html(kExample), view.head.size, view.head.root.hex(), escape_html(view.key), view.epoch.value);
}

}  // namespace

std::string home_page(const HomeView& view) {
  return frame(view.site,
               fmt::format("<div class=\"columns\">\n{}{}{}</div>\n{}{}", model_section(view), can_section(view),
                           speak_section(view), verify_section(view), asset_section(view)));
}

std::string verdict_page(std::string_view site, const ledger::AssetSummary& asset, const permit::Verdict& verdict) {
  const std::string_view answer = permit::name_of(verdict.answer);
  return frame(
      site,
      fmt::format("<section><h2>May I?</h2>\n<p>{} {} {}</p>\n<p class=\"quiet\">{}</p>\n<div class=\"answer "
                  "{}\"><strong>{}</strong>\n{}</div>\n<p><a href=\"/\">Ask something else</a></p></section>\n",
                  escape_html(asset.kind), escape_html(asset.name), id_code(asset.id),
                  escape_html(permit::to_text(verdict.use)), answer, answer, escape_html(permit::to_text(verdict))));
}

}  // namespace cairn::serve
