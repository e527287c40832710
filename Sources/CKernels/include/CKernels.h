#ifndef GRUPPETTO_CKERNELS_H
#define GRUPPETTO_CKERNELS_H
/// The arithmetic kernels' one public header.
int gruppetto_kernels_version(void);
#endif
