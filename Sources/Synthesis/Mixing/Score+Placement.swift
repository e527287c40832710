package import Music

extension Score {
  /// The score with a place between left and right for each part, as a rendering gives it where the score says nothing about it.
  package func placedInStereo() -> Score { StereoPlacement.placed(self) }
}
