// The compiled part of {fmt}, from its own headers, for the driver on aarch64: the library is not there for a foreign
// architecture.
#include <fmt/format-inl.h>

// Declared `extern template` there.
template auto fmt::detail::thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template auto fmt::detail::decimal_point_impl<char>(locale_ref) -> char;
