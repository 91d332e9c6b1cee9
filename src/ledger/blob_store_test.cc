#include "ledger/blob_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "ledger/sealed.h"
#include "ledger/test_site.h"

namespace cairn::ledger {
namespace {

namespace fs = std::filesystem;

std::size_t files_below(const fs::path& folder) {
  std::size_t n = 0;
  for (const auto& item : fs::recursive_directory_iterator(folder)) n += item.is_regular_file();
  return n;
}

TEST(BlobStore, GivesBackWhatWasPutAndStoresEqualBytesOnce) {
  const TestSite site;
  BlobStore store(door(), site.root, test_env());
  const BlobRef blob = store.put({{as_bytes("hello")}, {}}, {}).value();
  EXPECT_EQ(blob.id.digest, sha256("hello"));
  EXPECT_EQ(blob.size, 5u);
  EXPECT_EQ(as_text(store.map(blob).value().bytes()), "hello");
  ASSERT_TRUE(write_file(site.folder.path() / "f", "hello").has_value());
  EXPECT_EQ(store.put({{}, site.folder.path() / "f"}, {}).value().id, blob.id);
  EXPECT_EQ(files_below(site.root / "blobs"), 1u);
  EXPECT_EQ(store.put({}, {}).value().size, 0u);
}

TEST(BlobStore, PartsAreStoredAsTheSequenceTheyMean) {
  const TestSite site;
  BlobStore store(door(), site.root, test_env());
  Bytes whole(3 * kSealedChunk + 5);
  for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = static_cast<std::uint8_t>(i * 31 / 7);
  const auto cut = [&](const std::vector<std::size_t>& at) {
    ByteParts parts;
    std::size_t from = 0;
    for (const std::size_t to : at) {
      parts.push_back(ByteView(whole).subspan(from, to - from));
      from = to;
    }
    parts.push_back(ByteView(whole).subspan(from));
    return parts;
  };
  for (const auto& at : std::vector<std::vector<std::size_t>>{
           {}, {0, 0, 1}, {kSealedChunk}, {kSealedChunk - 1, 2 * kSealedChunk + 1}, {7, 7, whole.size()}}) {
    const ByteParts parts = cut(at);
    const BlobRef plain = store.put({parts, {}}, {}).value();
    EXPECT_EQ(plain.id.digest, sha256(whole));
    EXPECT_EQ(plain.size, whole.size());
    EXPECT_TRUE(holds(plain, parts));
    const BlobRef sealed = store.put({parts, {}}, sha256("c")).value();
    EXPECT_EQ(store.unseal(sealed).value(), whole);
    EXPECT_TRUE(holds(sealed, parts));
    EXPECT_FALSE(holds(sealed, ByteParts{ByteView(whole).subspan(1)}));
  }
}

TEST(BlobStore, WhatIsSealedDoesNotStandInTheFile) {
  const TestSite site;
  BlobStore store(door(), site.root, test_env());
  const std::string secret = "Dear Ada, the meeting is at noon.";
  const BlobRef blob = store.put({{as_bytes(secret)}, {}}, sha256("members only")).value();
  EXPECT_TRUE(blob.sealed);
  EXPECT_NE(blob.id.digest, sha256(secret));
  EXPECT_NE(blob.commitment, sha256(secret));
  EXPECT_EQ(as_text(store.map(blob).value().bytes()).find("Ada"), std::string::npos);
  EXPECT_EQ(as_text(store.unseal(blob).value()), secret);
  EXPECT_NE(store.put({{as_bytes(secret)}, {}}, sha256("members only")).value().id,
            blob.id);  // equal texts do not show as equal
  for (const auto& key : fs::directory_iterator(site.root / "keys"))
    EXPECT_EQ(key.status().permissions(), fs::perms::owner_read | fs::perms::owner_write) << key.path();
}

TEST(BlobStore, SaysWhichFileIsWrong) {
  const TestSite site;
  BlobStore store(door(), site.root, test_env());
  const BlobRef blob = store.put({{as_bytes("hello")}, {}}, {}).value();
  const std::string path = blob_path(site.root, blob.id).string();
  ASSERT_TRUE(write_file(path, "hellu").has_value());
  EXPECT_EQ(store.map(blob).error().message, path + " does not have its digest: got " + sha256("hellu").hex());
  EXPECT_EQ(store.map(blob).error().code, ErrorCode::malformed);
  fs::remove(path);
  EXPECT_EQ(store.map(blob).error().code, ErrorCode::not_found);
  EXPECT_EQ(store.put({{}, site.folder.path() / "none"}, {}).error().code, ErrorCode::not_found);
  const BlobRef sealed = store.put({{as_bytes("hello")}, {}}, sha256("c")).value();
  fs::remove(site.root / "keys" / (sha256("c").hex() + ".key"));
  EXPECT_EQ(store.unseal(sealed).error().code, ErrorCode::not_found);
}

TEST(BlobStore, AKeyThatOthersCanReadIsRefused) {
  const TestSite site;
  BlobStore store(door(), site.root, test_env());
  const BlobRef sealed = store.put({{as_bytes("hello")}, {}}, sha256("c")).value();
  const fs::path key = site.root / "keys" / (sha256("c").hex() + ".key");
  ASSERT_EQ(::chmod(key.c_str(), 0644), 0);
  EXPECT_EQ(store.unseal(sealed).error().hint, "chmod 600 " + key.string());
}

TEST(BlobStore, SweepsWhatTheDeadLeftAndNotWhatTheLivingWrite) {
  const TestSite site;
  const fs::path dead = site.root / "blobs" / "incoming" / "blob-dead",
                 living = site.root / "blobs" / "incoming" / "blob-living";
  ASSERT_TRUE(write_file(dead, "half").has_value());
  ASSERT_TRUE(write_file(living, "half").has_value());
  const int fd = ::open(living.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  BlobStore store(door(), site.root, test_env());
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(living));
  ::close(fd);
}

// A child that may write no file longer than 64 KiB: the same errors as on a full disk, from the blob store and from
// SQLite.
TEST(BlobStore, AFullDiskIsSaidAndLeavesNothingHalfWritten) {
  const TestSite site;
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{64 * 1024, 64 * 1024};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    BlobStore store(door(), site.root, test_env());
    const auto blob = store.put({{Bytes(200 * 1024)}, {}}, {});
    if (blob || blob.error().code != ErrorCode::no_space) ::_exit(1);
    auto ledger = Ledger::open(site.root, test_env());
    if (!ledger) ::_exit(2);
    for (int i = 0; i < 2000; ++i) {
      const auto added = add(*ledger, fmt::format("asset {}", i));
      if (added) continue;
      ::_exit(added.error().code == ErrorCode::no_space ? 0 : 3);
    }
    ::_exit(4);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(files_below(site.root / "blobs"), 0u);
  EXPECT_EQ(site.open().verify().value().to_text().find("wrong"), std::string::npos);
}

}  // namespace
}  // namespace cairn::ledger
