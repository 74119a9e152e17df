#ifndef AN_BASE_VERSION_H
#define AN_BASE_VERSION_H

#include "alexnet/alexnet.h"

#define AN_STRING_(x) #x
#define AN_VERSION_(a, b, c) AN_STRING_(a) "." AN_STRING_(b) "." AN_STRING_(c)

/** The version of the library as a string literal: "0.1.0". alexnet_version() returns this. */
#define AN_VERSION AN_VERSION_(ALEXNET_VERSION_MAJOR, ALEXNET_VERSION_MINOR, ALEXNET_VERSION_PATCH)

#endif
