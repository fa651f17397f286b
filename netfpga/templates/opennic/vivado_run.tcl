# What the shell's build script does with a plugin, as far as it is known.
array set design_params {use_phys_func 1 num_phys_func 2 num_qdma 1 num_cmac_port 2 min_pkt_len 64 max_pkt_len 1518}
foreach argument $argv {
    lassign [split $argument =] parameter value
    if {![info exists design_params($parameter)]} { error "$parameter: there is no such parameter" }
    set design_params($parameter) $value
}
foreach {parameter value} [array get design_params] { set $parameter $value }

set user_plugin [file join [file dirname [file normalize [info script]]] .. plugin]
set box_plugin $user_plugin/box_250mhz
foreach include {user_plugin_250mhz_inst.vh box_250mhz_address_map_inst.vh} {
    if {![file isfile $box_plugin/$include]} { error "$include: it is included and is not there" }
}
source $box_plugin/box_250mhz_axi_crossbar.tcl
read_verilog -quiet $box_plugin/box_250mhz_address_map.v
cd $user_plugin
source build_box_250mhz.tcl
puts "PASS"
