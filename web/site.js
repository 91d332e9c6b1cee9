// The page works without this: forms then load a page. With it, answers appear in place.
"use strict";

function show(target, kind, heading, text) {
  target.className = "answer " + kind;
  const strong = document.createElement("strong");
  strong.textContent = heading;
  target.replaceChildren(strong, document.createTextNode("\n" + text));
}

async function ask(form, target) {
  const query = new URLSearchParams(new FormData(form));
  const reply = await fetch("/api/can?" + query, { headers: { Accept: "application/json" } });
  const body = await reply.json();
  if (!reply.ok) return show(target, "denied", "not asked", body.error.message);
  show(target, body.verdict.answer, body.verdict.answer, body.text);
}

function standing(cairn) {
  const lines = [];
  for (const module of cairn.modules) lines.push("module " + module.name + (module.on ? ": on" : ": off. " + module.why));
  for (const duty of cairn.duties) lines.push("duty: " + duty.text);
  return lines.join("\n");
}

async function speak(form, target) {
  const field = (name) => form.elements[name].value;
  const declared = {};
  for (const name of ["task", "purpose", "audience"]) if (field(name)) declared[name] = field(name);
  const reply = await fetch("/v1/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model: field("model"), prompt: field("prompt"), max_tokens: 80, temperature: 0.7, cairn: declared }),
  });
  const body = await reply.json();
  if (!reply.ok) return show(target, body.error.code, "refused", body.error.message);
  show(target, "allowed", "answer", body.choices[0].text + "\n\n" + standing(body.cairn));
}

function wire(id, act) {
  const form = document.getElementById(id);
  if (!form) return;
  const target = document.getElementById(id + "-answer");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(target, "", "asking", "");
    act(form, target).catch((error) => show(target, "denied", "no answer", String(error)));
  });
}

wire("can", ask);
wire("speak", speak);
