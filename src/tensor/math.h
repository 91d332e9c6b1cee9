// exp, log, tanh, sigmoid, erf, sin and cos of profile c1: fixed polynomials with fused multiply-adds, equal to the bit
// on every machine, also where flush-to-zero is not set. Not libm, and never replaced by it in the numeric path.
// Subnormal arguments count as zeros. As the tests hold it, exp, log, tanh and erf are within 2 units in the last place
// of the true value, sigmoid within 3; sin and cos are within 1.2e-7 of it for |x| <= 2^15, so with fewer good digits
// near their zeros. Pure functions; any thread.
#pragma once

namespace cairn::tensor::math {

float exp(float x);  // +0 below -87, infinity above 88
float log(float x);  // -infinity at zero, NaN below it
float tanh(float x);
float sigmoid(float x);  // 1 / (1 + exp(-x))
float erf(float x);
float sin(float x);  // NaN for |x| > 2^20
float cos(float x);
float sqrt(float x);  // IEEE's, subnormals flushed
// x^n by squaring, n >= 0: the lowest bit of n first.
float power(float x, unsigned long n);

}  // namespace cairn::tensor::math
