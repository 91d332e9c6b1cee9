#include "apps/cli.h"

int main(int argc, char** argv) {
  return cairn::apps::run(argc, argv);
}
