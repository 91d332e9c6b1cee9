#include "tensor/vectors.h"

#include <array>

#include "tensor/cases.h"

namespace cairn::tensor {
namespace {

// As the scalar reference computes them; vectors_test.cc prints the table anew. A change here is a new profile.
constexpr std::array kVectors = {
    Vector{"product.rows", "5d610fefa691f99082eb8fcd21c1e960828b417d26eee1a4b07b0a3b02c95f2b"},
    Vector{"product.columns", "47610e8838c66cad1ab08a2394ebd5bde6fa6e3e8e2eff31f80e1eaca378a872"},
    Vector{"product.gradient", "8c64f543d5ce50a7eb2d6084d69f4f16239d73f6c55d7a08b17740af854f43ee"},
    Vector{"product.long", "55c968930c3283754b5f30f7bdadaeb6e01c2917a0598708b6784a1fe747cb3c"},
    Vector{"product.fold", "a41665ca132723a51b6b1272cf4b386272fa37113af43b3a830464ac4edc0339"},
    Vector{"product.float.rows", "d139ecd4061870709ae992efcef68d02b2f1460492ad668c76a755b1be780600"},
    Vector{"product.float.columns", "be4f1687ab96e132eaedeac7f0919ef17a59565a8f43895dc80a5a98e3be0a0e"},
    Vector{"product.float.gradient", "ed445fcc94aabd82da1dfcd5bf5f97b44bb4281935753eadf471dcf310b737c4"},
    Vector{"product.float.long", "db43d4e021c0c88816c8559d336a1c6f00f93f2e0ccf992c3f4cb28f362b1687"},
    Vector{"product.float.fold", "a790ce7ee2fef0734dccb2d4d15be059c996e00208e6d270b5bb1cf904e9a182"},
    Vector{"attention", "f037e406f9fd726ea959ae1af96cd4d625181c7df5c20e046b3db096d9cc79ef"},
    Vector{"attention.cache", "2b12efa5833da26c79b6f690891f12a39d2b22a53270883b3026c4f99de6f515"},
    Vector{"attention.all", "6fe844e1a70f354b17d38320de25c2359a2391aa6ae02f3c8febd8afa8a99622"},
    Vector{"attention.dropout", "600975006f3f6d31e4b4fb8b6586d97a169aba4ab121ffbc2b3bda9ff6f1a4de"},
    Vector{"attention.long", "4fd8dc073cd2a137d5c74e5ded6d861dc9c295a17f2c9a48c0a05e82b17679d9"},
    Vector{"elementwise", "77ffbe0b20f82707db3bb406c972fe3b521e4aa2cff64807af0fdf32b07ffbd7"},
    Vector{"adamw", "980d5b21edeb399415cf90d77b6cb667d10dd3410a9d3cb47491c3514cdcd221"},
    Vector{"functions", "e409e268a0bae431285ed2726de8beb0a642517839d3f6c8d8594dfe42f9db39"},
    Vector{"random", "5f36e33ad595021777cc30db4485f4a9f91bd1f1f14fed3182160cab2a2bbe18"},
    Vector{"cross_entropy", "6ace01d1cb46c90b0d31624170d2e5febc55d78346f43c87ab18f9cedfd959fd"},
    Vector{"cross_entropy.z_loss", "287c618b541b8a7b5486a2ece2d061dcbe1fde876784154509e0e11c29e242aa"},
    Vector{"rms_norm", "fdf0aef3b922c990586b88645a568b7f357fdd64eaba09f947e4b64d39e6df99"},
    Vector{"rms_norm.fold", "88b5a1ff663d866ab636116bcab973af747433f8d029081ad6c93d2f6b2605d7"},
    Vector{"layer_norm", "90868e5863dd54669e3ab3bc8f008599eb2bf08d0b5aca4f571bdc61328142eb"},
    Vector{"head_norm", "07fcbdad84328e936173b45d68202b78326e5a0cd32d00f76fcf28167b055597"},
    Vector{"swiglu", "745a716c83b8321e03e54be5803249d263cb41ad9f3d3af1c25acb754f9682be"},
    Vector{"gelu", "3cbe2423ef5bb6956ca3a70209a73df33ce905831bed9e2d8ea2b6102a208911"},
    Vector{"rope", "8f6d8d69858240add53abb3e2c113e176456616e4193a47b14d3967466c17a18"},
    Vector{"rope.partial", "6e29841151715141edf8cfaaeaebd45cafb564ea86c31986a4a54388d607e0df"},
    Vector{"rope.scaled", "9b5abad96cc3e9d952ada17827398978635a19ebe0063a7608fa0632ae95e92c"},
    Vector{"embedding", "1264ca63e563cf4ad8ee861a407aed7ee4392983e4af97b9e50268b81109ac56"},
    Vector{"embedding.positions", "ef7951ec585da9c131cb8412bada649aa5f54fb57862ddd7a1d586a966e0a080"},
    Vector{"bias", "82663367b51bd4e445d0616b9f86f45bcf8f54c0147a043eabc11549f506a104"},
    Vector{"dropout", "b6bd7d76109d5ae73e4cfb818ccbea2f45feeb28c7e4c0d70fd180df5ea6572f"},
    Vector{"erf", "b2fa09787ad27a4bbde2cff574530929c6e66c32dd05a60c17dff9132d2b70cb"},
    Vector{"adamw.codes", "dd530972218856c47316e439a2029bf2c88326e7616acccf9e04c66ea54aa435"},
    Vector{"momentum", "65cd89fcb1d508a6be6ebde3ab55eda3d3237632841d46b34f2a591c52a86748"},
    Vector{"edge.elementwise", "1c22671ee119cfd59cfcb54ffd9ce0294133935d1325525bbd71cd9a80730d2c"},
    Vector{"edge.loss", "e088626824624cced56506c6e193dac12e64adf4d0d4a4e275dea09e268b67e0"},
    Vector{"edge.product", "5ae87357c398b5b25ca5885be32cc6765f0b676411b033258a661070f84aa5e2"},
    Vector{"edge.product.float", "5ae87357c398b5b25ca5885be32cc6765f0b676411b033258a661070f84aa5e2"},
};

}  // namespace

std::span<const Vector> published_vectors() {
  return kVectors;
}

Result<Digest> compute_vector(Context& context, std::string_view operation) {
  for (const Case& c : cases()) {
    if (c.operation != operation) continue;
    Bytes out;
    for (const Flavour flavour : kFlavours)
      for (const std::size_t size : {std::size_t{19}, std::size_t{50}}) {
        Inputs inputs(size, flavour);
        c.run(context, inputs, size, out);
      }
    return sha256(out);
  }
  return fail(ErrorCode::not_found, "no test vector of an operation '{}'", operation);
}

Status verify(Context& context) {
  for (const Vector& vector : published_vectors()) {
    CAIRN_ASSIGN(const Digest got, compute_vector(context, vector.operation));
    if (got.hex() != vector.digest)
      return fail_with_hint(ErrorCode::failed,
                            fmt::format("the kernels of '{}' do not compute the operation '{}' of profile c1 on this "
                                        "processor: expected {}, got {}",
                                        name_of(context.isa()), vector.operation, vector.digest, got.hex()),
                            "set CAIRN_ISA to another instruction set and please report the processor");
  }
  return {};
}

}  // namespace cairn::tensor
