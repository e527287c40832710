internal import Testing

@testable import Groundwork

@Suite struct XXHash64Tests {
  private func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
    bytes.withUnsafeBytes { XXHash64.hash($0, seed: seed) }
  }

  /// The test buffer of the reference implementation's self-test.
  private func buffer(_ count: Int) -> [UInt8] {
    var state: UInt64 = 2_654_435_761
    return (0..<count).map { _ in
      defer { state &*= 11_400_714_785_074_694_797 }
      return UInt8(state >> 56)
    }
  }

  @Test("Texts have their published hashes") func textsHaveTheirPublishedHashes() {
    #expect(hash([]) == 0xEF46_DB37_51D8_E999)
    #expect(hash(Array("a".utf8)) == 0xD24E_C4F1_A98C_6E5B)
    #expect(hash(Array("abc".utf8)) == 0x44BC_2CF5_AD77_0999)
    #expect(hash(Array("xxhash".utf8)) == 0x32DD_3895_2C4B_C720)
    #expect(hash(Array("xxhash".utf8), seed: 20_141_025) == 0xB559_B98D_844E_0635)
    #expect(hash(Array("Nobody inspects the spammish repetition".utf8)) == 0xFBCE_A83C_8A37_8BF1)
  }

  @Test(
    "The reference self test agrees",
    arguments: [
      (0, 0xEF46_DB37_51D8_E999 as UInt64, 0xAC75_FDA2_929B_17EF as UInt64),
      (1, 0xE934_A84A_DB05_2768, 0x5014_6076_43A9_B4C3),
      (4, 0x9136_A0DC_A574_57EE, 0xCAAB_286B_D8E9_FDB5),
      (14, 0x8282_DCC4_994E_35C8, 0xC3BD_6BF6_3DEB_6DF0),
      (222, 0xB641_AE8C_B691_C174, 0x20CB_8AB7_AE10_C14A),
    ])
  func theReferenceSelfTestAgrees(count: Int, plain: UInt64, seeded: UInt64) {
    #expect(hash(buffer(count)) == plain)
    #expect(hash(buffer(count), seed: 2_654_435_761) == seeded)
  }
}
