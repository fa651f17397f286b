from reg_defines_reference_switch import *
