// The table of subcommands, in the order of the pipeline. cli.cc walks it.
#pragma once

namespace CLI {
class App;
}

namespace cairn::apps {

struct Shell;
using AddCommand = void (*)(CLI::App&, Shell&);

// One line a command here, one entry in cli.cc's table.
void add_init(CLI::App& app, Shell& shell);
void add_add(CLI::App& app, Shell& shell);
void add_import(CLI::App& app, Shell& shell);
void add_curate(CLI::App& app, Shell& shell);
void add_tokenizer(CLI::App& app, Shell& shell);
void add_train(CLI::App& app, Shell& shell);
void add_adapt(CLI::App& app, Shell& shell);
void add_eval(CLI::App& app, Shell& shell);
void add_spec(CLI::App& app, Shell& shell);
void add_export(CLI::App& app, Shell& shell);
void add_show(CLI::App& app, Shell& shell);
void add_can(CLI::App& app, Shell& shell);
void add_why(CLI::App& app, Shell& shell);
void add_trace(CLI::App& app, Shell& shell);
void add_revoke(CLI::App& app, Shell& shell);
void add_log(CLI::App& app, Shell& shell);
void add_status(CLI::App& app, Shell& shell);
void add_audit(CLI::App& app, Shell& shell);
void add_serve(CLI::App& app, Shell& shell);
void add_host(CLI::App& app, Shell& shell);
void add_join(CLI::App& app, Shell& shell);
void add_tour(CLI::App& app, Shell& shell);
void add_bench(CLI::App& app, Shell& shell);
void add_doctor(CLI::App& app, Shell& shell);

}  // namespace cairn::apps
